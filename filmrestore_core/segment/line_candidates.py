"""What could be a line scratch: paths along which a frame and its neighbours vote for a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.segment.line_path import LinePath, trace_lines
from filmrestore_core.segment.line_votes import SHOWS, unsteady

Plane = NDArray[np.float32]

# Below these nothing was ever a scratch that one sees: share of the strips that show it here, and
# mean vote here and in the neighbours.
_SHOWS_HERE, _VOTE, _VOTE_THERE = 0.5, 0.35, 0.2
# px from the picture's border; nearer to it a line has no second flank.
_FLANK = 9
# px between the answers of two scales for one line.
_SAME = 5.0


def candidate_lines(
    own: Sequence[Plane], others: Sequence[Sequence[Plane]]
) -> list[tuple[LinePath, int, int]]:
    """Path, sign (1 bright, -1 dark) and scale of each, by falling gain.

    Args:
        own: votes of the frame for each scale, see `line_votes.strip_votes`.
        others: those of each neighbour, one at least.
    """
    found: list[tuple[LinePath, int, int]] = []
    for scale, votes in enumerate(own):
        for sign in (-1, 1):
            here, there = votes * sign, [o[scale] * sign for o in others]
            for path in trace_lines(together(here, there)):
                if _hopeful(path, here, there):
                    found.append((path, sign, scale))
    found.sort(key=lambda line: -line[0].gain)
    kept: list[tuple[LinePath, int, int]] = []
    for line in found:
        if not any(line[1] == k[1] and _same(line[0], k[0]) for k in kept):
            kept.append(line)
    return kept


def together(own: Plane, others: list[Plane]) -> Plane:
    """Votes of all frames together, the usual level of a strip taken off."""
    mean = (own + sum(unsteady(o) for o in others)) / np.float32(1 + len(others))
    # A line must be in the frame itself, not only in its neighbours.
    joined = np.minimum(mean, own + np.float32(0.5))
    return np.asarray(joined - np.median(joined, axis=1, keepdims=True), np.float32)


def _hopeful(path: LinePath, own: Plane, others: list[Plane]) -> bool:
    middle, width = float(np.median(path.columns)), own.shape[1]
    if not _FLANK <= middle < width - _FLANK:
        return False
    at = path.strips, path.columns
    here = unsteady(own)[at]
    there = np.mean([unsteady(o)[at].mean() for o in others])
    return bool(
        np.mean(here > SHOWS) >= _SHOWS_HERE and here.mean() >= _VOTE and there >= _VOTE_THERE
    )


def _same(one: LinePath, other: LinePath) -> bool:
    """True where two paths are answers for one line."""
    rows, mine, its = np.intersect1d(one.strips, other.strips, return_indices=True)
    if 2 * len(rows) < min(len(one.strips), len(other.strips)):
        return False
    return float(np.median(np.abs(one.columns[mine] - other.columns[its]))) < _SAME
