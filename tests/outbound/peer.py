"""A service of BentoML that is called from Playhouse: all kinds of values, streams, errors and refusals."""

import asyncio
import typing as t
from http import HTTPStatus
from pathlib import Path

import bentoml
import numpy as np
from pydantic import BaseModel


class Flower(BaseModel):
    species: str
    score: float



@bentoml.service(traffic={"timeout": 2, "max_concurrency": 2})
class Peer:
    @bentoml.api
    def double(self, rows: np.ndarray) -> np.ndarray:
        return rows * 2

    @bentoml.api
    def classes(self, rows: np.ndarray) -> np.ndarray:
        return rows.argmax(axis=1)

    @bentoml.api
    def greet(self, name: str, polite: bool = True) -> str:
        return f"Hello, {name}!" if polite else f"{name}."

    @bentoml.api(route="/v2/best")
    def best(self, flowers: t.List[Flower]) -> Flower:
        return max(flowers, key=lambda flower: flower.score)

    @bentoml.api
    def length(self, text: str, /) -> int:
        return len(text)

    @bentoml.api
    def size(self, file: Path, label: str) -> t.Dict[str, t.Any]:
        return {"size": len(file.read_bytes()), "label": label}

    @bentoml.api
    def raw(self, n: int) -> bytes:
        return b"\xff" * n

    @bentoml.api
    async def words(self, n: int) -> t.AsyncGenerator[str, None]:
        for number in range(n):
            yield f"wörd-{number} "

    @bentoml.api
    async def flowers(self, n: int) -> t.AsyncGenerator[Flower, None]:
        for number in range(n):
            yield Flower(species=str(number), score=number)

    @bentoml.api
    async def fail(self, how: str) -> str:
        if how.isdigit():
            raise bentoml.exceptions.BentoMLException("as asked", error_code=HTTPStatus(int(how)))
        if how == "bad":
            raise bentoml.exceptions.InvalidArgument("as asked")
        raise ValueError("hidden")

    @bentoml.api
    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"
