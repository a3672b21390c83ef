"""Is a mark damage? By itself, by how it looks, and by the company it keeps in its frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.segment.company import (
    VERDICT_COLUMNS,
    company_columns,
    first_said,
    size_that_counts,
)
from filmrestore_core.segment.judge import load_judge
from filmrestore_core.segment.mark_measure import MARK_COLUMNS, MeasuredMarks, faintness, wariness

# Marks that the trees put so many logits below the operating point are not looked at.
_HOPELESS = 8.0

MARK_JUDGES = ("marks_both_sides", "marks_one_side", "company_both_sides", "company_one_side")
"""The judges that are asked here."""

Look = Callable[[MeasuredMarks, NDArray[np.int64]], NDArray[np.float64]]
"""Marks and which of them (M,) -> (M,) logits of damage."""


def judge_marks(
    marks: MeasuredMarks, look: Look, *, both_sides: bool, doubt: float
) -> NDArray[np.float32]:
    """(N,) float32 scores 0..1, 0.5 at the operating point.

    Args:
        marks: with what is known of each.
        look: what a net says of some of them by how they look.
        both_sides: whether the references lie before and after the frame.
        doubt: logits to take off where the motion is not to be trusted at all.
    """
    side = "both_sides" if both_sides else "one_side"
    alone, together = load_judge(f"marks_{side}"), load_judge(f"company_{side}")
    columns, wary = marks.columns, wariness(marks.columns)
    trees = alone.logit(columns, MARK_COLUMNS)
    said = first_said(columns, trees, np.zeros(len(trees)), wary)
    looked = np.zeros(len(trees))
    if alone.look:
        # No look could make good what is so unlikely.
        chosen = np.flatnonzero(said > alone.pivot - _HOPELESS).astype(np.int64)
        looked[chosen] = alone.look * look(marks, chosen)
    said = said + looked
    megapixels = marks.labels.size / 1e6
    # At the ends of a shot most that is sure is so by chance; there a large frame vouches no more.
    size = size_that_counts(megapixels) if both_sides else megapixels
    frame = np.zeros(len(trees), np.int64)
    told = company_columns(columns, trees, looked, said, frame, np.asarray([size]))
    unsure = 1.0 - columns[:, MARK_COLUMNS.index("trust")]
    logit = together.logit(told, VERDICT_COLUMNS) - doubt * unsure - wary
    logit -= faintness(columns)
    # What is very unlikely by itself, such as a fast limb, no company makes likely.
    moves = np.isneginf(said)
    most = np.where(moves, 0.0, said) - alone.pivot + together.pivot + together.lift
    score = together.score_of(np.minimum(logit, most))
    return np.asarray(np.where(moves, 0.0, score), np.float32)
