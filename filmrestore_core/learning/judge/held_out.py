"""How good a judge is on candidates it never saw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.learning.judge.candidates import DAMAGE, Candidates
from filmrestore_core.learning.judge.operating_point import counts, logit_at
from filmrestore_core.learning.judge.trees import grown_area

REPORTED_PPM = (15.0, 30.0, 50.0)
# Marks of fewer pixels are called small.
SMALL = 30


def figures(found: Candidates, logit: NDArray[np.float64], *, pivot: float) -> dict[str, Any]:
    """Recall and false pixels as plain values.

    Recall counts candidates that are damage: what no candidate covers is not in it.

    Args:
        found: candidates.
        logit: (N,) of each.
        pivot: the operating point.
    """
    clean, damage = found.clean, found.label == DAMAGE
    return {
        "series": sorted({w.series for w in found.windows}),
        "windows": len(found.windows),
        "clean_windows": sum(w.is_clean for w in found.windows),
        "clean_megapixels": round(found.clean_pixels / 1e6, 2),
        "damage": int(damage.sum()),
        "damage_small": int((damage & (found.area < SMALL)).sum()),
        "at_pivot": _at(found, logit, pivot),
        **{
            f"at_{ppm:g}_ppm": _at(found, logit, logit_at(found, logit, ppm))
            for ppm in REPORTED_PPM
        },
        "worst_clean_clips": _worst(found, clean & (logit > pivot)),
    }


def _at(found: Candidates, logit: NDArray[np.float64], threshold: float) -> dict[str, Any]:
    marked, damage = logit > threshold, found.label == DAMAGE
    small = found.area < SMALL
    wrong = float(grown_area(found.area[found.clean & marked]).sum())
    hard = np.asarray([counts(w, hard=True) for w in found.windows], np.bool_)
    pixels = sum(w.pixels for w, h in zip(found.windows, hard, strict=True) if h)
    hard_wrong = float(grown_area(found.area[hard[found.window] & marked]).sum())
    return {
        "logit": round(threshold, 3),
        "false_px_per_million": round(wrong / max(1, found.clean_pixels) * 1e6, 1),
        "false_px_per_million_hard": round(hard_wrong / max(1, pixels) * 1e6, 1),
        "recall": _share(marked, damage),
        "recall_small": _share(marked, damage & small),
        "recall_large": _share(marked, damage & ~small),
    }


def _share(marked: NDArray[np.bool_], among: NDArray[np.bool_]) -> float | None:
    return round(float(marked[among].mean()), 4) if among.any() else None


def _worst(found: Candidates, wrong: NDArray[np.bool_]) -> dict[str, int]:
    """Clip -> falsely marked pixels, the five worst."""
    names = np.asarray([w.clip for w in found.windows], np.str_)[found.window[wrong]]
    areas = grown_area(found.area[wrong])
    sums = {str(n): round(float(areas[names == n].sum())) for n in np.unique(names)}
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0]))[:5])
