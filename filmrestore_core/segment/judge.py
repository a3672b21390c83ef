"""Is a candidate mark damage or picture? Boosted decision trees over what was measured of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """An ensemble of small regression trees; the sum of their leaves is a logit.

    Friedman, "Greedy function approximation: a gradient boosting machine", 2001.

    Attributes:
        features: names of the columns it wants, in order.
        base: logit before the first tree.
        pivot: logit that becomes score 0.5, the operating point of the default sensitivity.
        slope: how much logit makes a score's odds e times larger.
        roots: (T,) int, first node of each tree.
        feature: (M,) int, column a node looks at; -1 for a leaf.
        threshold: (M,) float64, values up to it go left.
        left: (M,) int, next node.
        right: (M,) int, next node.
        value: (M,) float64, a leaf's logit.
        depth: most steps from a root to a leaf.
        look: how much a logit of `segment.mark_net` counts beside the trees; 0: not at all.
        lift: most logits that a mark's company adds to what is said of the mark alone.
    """

    features: tuple[str, ...]
    base: float
    pivot: float
    slope: float
    roots: NDArray[np.intp]
    feature: NDArray[np.intp]
    threshold: NDArray[np.float64]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    value: NDArray[np.float64]
    depth: int
    look: float = 0.0
    lift: float = np.inf

    def logit(self, columns: NDArray[np.float64], names: tuple[str, ...]) -> NDArray[np.float64]:
        """(N,) float64 for (N, F) measurements.

        Args:
            columns: (N, F) measurements.
            names: what the columns are; the order is free, and there may be more than wanted.

        Raises:
            ValueError: a wanted measurement is missing, or the number of names differs.
        """
        missing = [name for name in self.features if name not in names]
        if missing or columns.ndim != 2 or columns.shape[1] != len(names):
            raise ValueError(f"{columns.shape} measurements lack {missing or 'names'}.")
        columns = columns[:, [names.index(name) for name in self.features]]
        rows = np.arange(len(columns))[:, None]
        node = np.broadcast_to(self.roots, (len(columns), len(self.roots)))
        for _ in range(self.depth):
            column = self.feature[node]
            leaf = column < 0
            goes_left = columns[rows, np.where(leaf, 0, column)] <= self.threshold[node]
            node = np.where(leaf, node, np.where(goes_left, self.left[node], self.right[node]))
        return np.asarray(self.base + self.value[node].sum(axis=1))

    def scores(
        self,
        columns: NDArray[np.float64],
        names: tuple[str, ...],
        *,
        doubt: NDArray[np.float64] | float = 0.0,
    ) -> NDArray[np.float64]:
        """(N,) float64 0..1; 0.5 at the operating point.

        Args:
            columns: (N, F) measurements.
            names: what the columns are.
            doubt: logits to take off.
        """
        return self.score_of(self.logit(columns, names) - doubt)

    def score_of(self, logit: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) float64 0..1 for (N,) logits; 0.5 at the operating point."""
        return np.asarray(1.0 / (1.0 + np.exp(-(logit - self.pivot) / self.slope)))


@cache
def load_judge(name: str) -> Judge:
    """The judge of that name that comes with the package.

    Args:
        name: "both_sides" or "one_side", of marks with "marks_" or "company_" before.
    """
    document = json.loads(_content(name))
    nodes = document["nodes"]
    return Judge(
        features=tuple(document["features"]),
        base=float(document["base"]),
        pivot=float(document["pivot"]),
        slope=float(document["slope"]),
        roots=np.asarray(document["roots"], np.intp),
        feature=np.asarray(nodes["feature"], np.intp),
        threshold=np.asarray(nodes["threshold"], np.float64),
        left=np.asarray(nodes["left"], np.intp),
        right=np.asarray(nodes["right"], np.intp),
        value=np.asarray(nodes["value"], np.float64),
        depth=int(document["depth"]),
        look=float(document.get("look", 0.0)),
        lift=float(document.get("lift", np.inf)),
    )


@cache
def judges_digest(names: tuple[str, ...]) -> str:
    """SHA-256, hex, of the judges' files: answers of other judges are other answers."""
    return sha256(b"".join(_content(name) for name in names)).hexdigest()


def _content(name: str) -> bytes:
    return files("filmrestore_core.segment").joinpath(f"judge_{name}.json").read_bytes()
