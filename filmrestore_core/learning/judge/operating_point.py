"""Where a score of 0.5 lies: as much is wrongly marked on unseen clean footage as is allowed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import SettingsError
from filmrestore_core.learning.judge.candidates import Candidates, WindowFacts
from filmrestore_core.learning.judge.trees import (
    TreeSettings,
    fit_judge,
    grown_area,
    logits,
    require_library,
)
from filmrestore_core.segment.judge import Judge

# Falsely marked pixels per million of clean footage at score 0.5, and at the scores 0.75 and 0.25.
PIVOT_PPM = 50.0
_STRICT_PPM, _LAX_PPM = 16.0, 240.0
# Less than this and the slider of sensitivity would jump.
_LEAST_SLOPE = 0.3
_FOLDS = 5
# No window counts more than this many times what is allowed on the whole.
LIMIT = 20.0


def unseen_logits(
    found: Candidates, settings: TreeSettings, *, seed: int, by_area: bool = True
) -> NDArray[np.float64]:
    """(N,) for each candidate the logit of trees that were fitted without its series.

    Args:
        found: candidates.
        settings: how trees are grown.
        seed: of what little is random in it.
        by_area: see `fit_judge`.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        SettingsError: there are fewer than two series, or too few examples.
    """
    require_library()
    from sklearn.model_selection import GroupKFold

    groups = np.unique(found.series, return_inverse=True)[1]
    count = int(groups.max(initial=-1)) + 1
    if count < 2:
        raise SettingsError(
            "All clips are of one series, so nothing can be tried on unseen ones.",
            hint="series are told by what stands before the first underscore of a clip's name",
        )
    answer = np.zeros(len(found.label))
    for known, unseen in GroupKFold(min(_FOLDS, count)).split(groups, groups=groups):
        judge = fit_judge(_rows(found, known), settings, seed=seed, by_area=by_area)
        answer[unseen] = logits(judge, _rows(found, unseen))
    return answer


def logit_at(
    found: Candidates, logit: NDArray[np.float64], ppm: float, *, hard: bool = False
) -> float:
    """The lowest threshold that marks no more than `ppm` of the clean footage.

    No window counts more than LIMIT times that: a place where all fails, such as a horse's leg
    in one frame, does not decide what is found everywhere else.

    Args:
        found: candidates.
        logit: (N,) of each; what is above a threshold is marked.
        ppm: pixels per million.
        hard: counted on undamaged windows with rain, sparks and the like instead.
    """
    counted = np.asarray([counts(w, hard=hard) for w in found.windows], np.bool_)
    clean = counted[found.window]
    of = sum(w.pixels for w, c in zip(found.windows, counted, strict=True) if c)
    order = np.argsort(-logit[clean], kind="stable")
    if not len(order) or not of:
        return 0.0
    pixels = np.asarray([w.pixels for w in found.windows], np.float64)
    limit = LIMIT * ppm * 1e-6 * pixels
    so_far = np.zeros(len(pixels))
    wrong, total = np.zeros(len(order)), 0.0
    for place, (area, window) in enumerate(
        zip(grown_area(found.area[clean])[order], found.window[clean][order], strict=True)
    ):
        before = min(so_far[window], limit[window])
        so_far[window] += area
        total += min(so_far[window], limit[window]) - before
        wrong[place] = total / of * 1e6
    first_too_many = int(np.searchsorted(wrong, ppm, side="right"))
    return float(logit[clean][order][min(first_too_many, len(order) - 1)])


def with_operating_point(
    judge: Judge,
    found: Candidates,
    unseen: NDArray[np.float64],
    *,
    ppm: float = PIVOT_PPM,
    hard: bool = False,
) -> Judge:
    """The judge with pivot and slope chosen on candidates that its like had not seen.

    Args:
        judge: fitted to all of them.
        found: candidates.
        unseen: (N,) see `unseen_logits`.
        ppm: wrongly marked pixels per million at score 0.5.
        hard: counted on hard negatives, see `logit_at`.
    """
    scale = ppm / PIVOT_PPM
    strict, middle, lax = (
        logit_at(found, unseen, p, hard=hard) for p in (_STRICT_PPM * scale, ppm, _LAX_PPM * scale)
    )
    slope = max(_LEAST_SLOPE, (strict - lax) / 2 / float(np.log(3)))
    return replace(judge, pivot=round(middle, 3), slope=round(slope, 3))


def counts(window: WindowFacts, *, hard: bool) -> bool:
    """Whether all that is found in a window is wrong: plain footage, or undamaged hard footage."""
    return not window.damaged and not window.is_clean if hard else window.is_clean


def _rows(found: Candidates, chosen: NDArray[np.intp]) -> Candidates:
    """Some of them, of the same windows."""
    return Candidates(
        found.columns[chosen],
        found.label[chosen],
        found.area[chosen],
        found.window[chosen],
        found.windows,
        found.names,
    )
