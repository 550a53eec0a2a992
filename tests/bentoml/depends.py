"""A BentoML service whose dependencies are services of ours, called within it."""

import asyncio
import os
import sys
import typing as t
from pathlib import Path

import bentoml
import numpy as np
import pydantic
from bentoml.exceptions import BentoMLException, InvalidArgument, NotFound
from bentoml.validators import DType, Shape
from starlette.testclient import TestClient

from checks import check, end, equal, fails

url = sys.argv[1]
Rows = t.Annotated[np.ndarray, DType("float32"), Shape((-1, 4))]


class Flower(pydantic.BaseModel):
    petals: list[float]
    colour: str | None = None


@bentoml.service
class Kinds:
    """What the service behind the URL is like."""

    @bentoml.api
    def twice(self, rows: Rows) -> Rows: ...

    @bentoml.api
    async def greet(self, name: str, excited: bool | None = None) -> str: ...

    @bentoml.api
    def pluck(self, flower: Flower) -> Flower: ...

    @bentoml.api
    def shout(self, text: str, /) -> str: ...

    @bentoml.api
    def describe(self, file: Path, note: str | None = None) -> dict: ...

    @bentoml.api
    async def words(self, text: str) -> t.AsyncGenerator[str, None]:
        yield ""

    @bentoml.api
    def fail(self, text: str) -> None: ...

    @bentoml.api
    def nowhere(self) -> str: ...


@bentoml.service
class Other:
    """Not the entry: the name of the class says which service is meant."""

    @bentoml.api
    def greet(self, name: str) -> str: ...


@bentoml.service
class Front:
    typed = bentoml.depends(Kinds, url=url)
    other = bentoml.depends(Other, url=url)
    untyped = bentoml.depends(url=url)

    @bentoml.api
    def in_a_thread(self) -> None:
        with check("typed: arrays"):
            twice = self.typed.twice(np.ones((2, 4), np.float32))
            assert twice.dtype == np.float32 and twice.tolist() == [[2.0] * 4] * 2, twice

        with check("typed: models come as models"):
            plucked = self.typed.pluck(Flower(petals=[1], colour="red"))
            assert isinstance(plucked, Flower), plucked
            equal(plucked.model_dump(), {"petals": [], "colour": "red"})

        with check("typed: root strings"):
            equal(self.typed.shout("quiet"), "QUIET")

        with check("typed: files"):
            equal(self.typed.describe(Path(__file__))["name"], os.path.basename(__file__))

        with check("typed: errors"):
            with fails(InvalidArgument, "rows", "expected f32 [_, 4]", code=400):
                self.typed.twice(np.ones((2, 3)))
            with fails(BentoMLException, "no such flower", code=500):
                self.typed.fail("no such flower")
            with fails(NotFound, "nowhere", code=404):
                self.typed.nowhere()

        with check("typed: a service that is not the entry"):
            equal(self.other.greet("Ada"), "Other: Ada")

        with check("untyped: arrays and strings"):
            proxy = self.untyped.to_sync
            np.testing.assert_array_equal(proxy.twice(rows=np.ones((1, 4), np.float32)), [[2.0] * 4])
            equal(proxy.greet(name="Ada"), "Hello, Ada.")

    @bentoml.api
    async def awaited(self) -> None:
        with check("typed: async, also more than one connection lives for"):
            equal(await self.typed.greet("Ada", True), "Hello, Ada!")
            for _ in range(120):
                await self.typed.greet("Ada")

        with check("typed: streams"):
            # This client takes what is there at once for one item, whoever sends it.
            equal("".join([word async for word in self.typed.words("a b")]), "ab")

        with check("untyped: async"):
            equal(await self.untyped.to_async.greet("Ada"), "Hello, Ada.")
            assert await self.untyped.is_ready()


with TestClient(Front.to_asgi()) as client:
    for path in ("/in_a_thread", "/awaited"):
        with check(f"{path} has run"):
            equal(client.post(path, json={}).status_code, 200)

end()
