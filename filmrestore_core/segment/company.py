"""What the other marks of a frame say of one: on damaged film a doubtful mark is damage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.segment.mark_measure import MARK_COLUMNS, NET_CLASSES

# Others count as damage by their logits beyond these.
_BEYOND, _BEYOND_ALIKE = (0, 4, 6), (4, 6)
# So many a megapixel are there even where none is seen; without it lone marks would differ wildly.
_ALWAYS = 0.25
# Megapixels of the pieces that judges learn on, and how the size that counts grows with a frame's.
_LEARNED, _GROWS = 384 * 512 / 1e6, 0.7
# A sure mark of which so much is found again in both neighbours moves through the picture.
SEEN_TWICE = 0.65
# A logit beyond this is as sure as any.
_SURE = 50.0

COMPANY_COLUMNS: tuple[str, ...] = (
    *("trees", "look"),
    *(f"others_{t}" for t in _BEYOND),
    *(f"alike_{t}" for t in _BEYOND_ALIKE),
    *("marks", "others_trees"),
)
"""What `company_columns` tells of each mark, in order."""

VERDICT_COLUMNS: tuple[str, ...] = (
    *COMPANY_COLUMNS,
    *("log_area", "trust", "frame_misfit", "frame_speed"),
    *("log_contrast", "sharpness", "seen_max", "seen_min", "net_max"),
    *(f"net_{c.value}" for c in NET_CLASSES),
)
"""What a verdict is given by: the company and some of MARK_COLUMNS."""


def company_columns(
    columns: NDArray[np.float64],
    trees: NDArray[np.float64],
    look: NDArray[np.float64],
    said: NDArray[np.float64],
    frame: NDArray[np.int64],
    megapixels: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(N, len(VERDICT_COLUMNS)) float64: each mark's first judgement, and its company.

    How likely damage is before one looks differs between films by orders of magnitude, and a
    frame's surest marks tell which film it is: the prior is estimated from the data (Robbins, "An
    empirical Bayes approach to statistics", 1956), each mark's own part left out.

    Args:
        columns: (N, len(MARK_COLUMNS)) of each mark.
        trees: (N,) logits of trees that see the mark alone.
        look: (N,) logits of a net that looks at it, 0 where it did not.
        said: (N,) logits of both together; -inf for what is picture for certain.
        frame: (N,) which frame it lies in, 0 to F - 1.
        megapixels: (F,) size of each frame.
    """
    count = len(megapixels)
    area = np.asarray(megapixels, np.float64)[frame]
    kind = np.argmax(columns[:, _at(tuple(f"net_{c.value}" for c in NET_CLASSES))], axis=1)
    alike = frame * len(NET_CLASSES) + kind
    number = np.bincount(frame, minlength=count)[frame]

    def others(
        of: NDArray[np.float64], group: NDArray[np.int64], groups: int
    ) -> NDArray[np.float64]:
        return np.asarray(np.bincount(group, of, minlength=groups)[group] - of, np.float64)

    def density(beyond: float, group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
        sure = 1.0 / (1.0 + np.exp(-np.clip(said - beyond, -_SURE, _SURE)))
        return np.log(np.maximum(others(sure, group, groups), 0.0) / area + _ALWAYS)

    return np.stack(
        [
            trees,
            look,
            *(density(t, frame, count) for t in _BEYOND),
            *(density(t, alike, count * len(NET_CLASSES)) for t in _BEYOND_ALIKE),
            np.log(number / area),
            others(trees, frame, count) / np.maximum(number - 1, 1),
            *(columns[:, _at((name,))[0]] for name in VERDICT_COLUMNS[len(COMPANY_COLUMNS) :]),
        ],
        axis=1,
    )


def size_that_counts(megapixels: float) -> float:
    """Megapixels by which a frame's sure marks are divided.

    Dirt goes by the area of the film, not by the pixels of the scan, and the more of a frame one
    sees the better one knows how dirty it is: the judges learned on pieces of frames, where four
    sure marks may be chance. So a larger frame counts as less than it is; by how much was measured.
    """
    return float(_LEARNED * (megapixels / _LEARNED) ** _GROWS)


def first_said(
    columns: NDArray[np.float64],
    trees: NDArray[np.float64],
    look: NDArray[np.float64],
    wary: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(N,) logits of trees and look together; -inf for what moves through the picture.

    Args:
        columns: (N, len(MARK_COLUMNS)).
        trees: (N,) logits.
        look: (N,) logits, as far as they count.
        wary: (N,) logits to take off, see `mark_measure.wariness`.
    """
    moves = columns[:, MARK_COLUMNS.index("seen_min")] > SEEN_TWICE
    return np.where(moves, -np.inf, trees + look - wary)


def _at(names: tuple[str, ...]) -> list[int]:
    return [MARK_COLUMNS.index(name) for name in names]
