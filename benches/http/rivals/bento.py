"""The cases as services of BentoML, with the settings that favour it: async methods, connections that live long."""

import bentoml
import numpy as np
from pydantic import BaseModel

SETTINGS = {
    "traffic": {"timeout": 60.0},
    # Its default replaces the connections under running calls every 100 calls, which then fail.
    "runner_connection": {"max_requests": 100_000_000, "max_age": 100_000.0},
    "logging": {"access": {"enabled": False}},
}


class Row(BaseModel):
    id: int
    name: str
    label: str
    values: list[float]
    checked: bool


@bentoml.service(**SETTINGS)
class Preprocessing:
    @bentoml.api
    async def preprocess(self, input_series: np.ndarray) -> np.ndarray:
        return input_series


@bentoml.service(**SETTINGS)
class Bench:
    preprocessing = bentoml.depends(Preprocessing)

    @bentoml.api
    async def echo(self, row: Row) -> Row:
        return row

    @bentoml.api
    async def classify(self, input_series: np.ndarray) -> float:
        rows = await self.preprocessing.to_async.preprocess(input_series)
        return float(rows.sum())
