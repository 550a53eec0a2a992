"""A service of BentoML, as it is: `bentoml serve cleaning:Cleaning --port 3001` in this folder."""

import typing as t

import bentoml
import numpy as np


@bentoml.service
class Cleaning:
    @bentoml.api
    def clean(self, rows: np.ndarray) -> np.ndarray:
        """The rows in which nothing is negative."""
        return rows[(rows >= 0).all(axis=1)]

    @bentoml.api
    def inspect(self, rows: np.ndarray) -> t.Dict[str, int]:
        """How many rows there are, and how many of them `clean` would drop."""
        return {"rows": len(rows), "dropped": int((rows < 0).any(axis=1).sum())}
