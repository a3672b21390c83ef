from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from filmrestore_core.inpaint.planes import FIRST
from filmrestore_core.learning.compare_fills.candidate import Proposal
from filmrestore_core.learning.compare_fills.classical import classical_candidates
from filmrestore_core.learning.compare_fills.figures import measure_fill, row_of
from filmrestore_core.learning.compare_fills.hole_crops import (
    HoleKind,
    choose_crops,
    hole_crop,
)
from filmrestore_core.learning.compare_fills.table import (
    CandidateResult,
    groups,
    table_markdown,
)
from filmrestore_core.learning.samples.store import SceneStore


def _moved(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(picture, -1, 0))


def test_holes_are_told_apart_by_size_and_by_what_neighbors_know(stored: np.ndarray) -> None:
    crop = hole_crop(stored)
    assert [(h.area, h.size, h.kind) for h in crop.holes] == [
        (64, "below 100 px", HoleKind.SHOWN),
        (256, "100-400 px", HoleKind.MISLED),
        (780, "above 400 px", HoleKind.UNSHOWN),
    ]


def test_the_truth_without_grain_scores_full_marks_once_grain_is_put_on(
    stored: np.ndarray,
) -> None:
    crop = hole_crop(stored)
    row = row_of(measure_fill(crop, Proposal(_moved(crop.bare))).holes)
    assert row["psnr"] == row["low"] == row["low_mean"] == 80
    assert row["ssim"] == pytest.approx(1)
    assert row["sharpness"] == pytest.approx(1)
    # 1100 pixels of three channels of grain: their energies differ by a few percent.
    assert row["grain"] == pytest.approx(1, abs=0.08)


def test_what_carries_its_grain_gets_none(stored: np.ndarray) -> None:
    crop = hole_crop(stored)
    measured = measure_fill(crop, Proposal(_moved(crop.truth), 1.0))
    row = row_of(measured.holes)
    assert row["grain"] == pytest.approx(1)
    assert row["sharpness"] > 1.1
    np.testing.assert_allclose(measured.finished, crop.truth, atol=1e-6)


def test_a_blur_is_unsharp_and_a_wrong_color_is_wrong_after_a_blur_too(
    stored: np.ndarray,
) -> None:
    crop = hole_crop(stored)
    soft = _moved(cv2.GaussianBlur(crop.bare, (0, 0), 3))
    assert row_of(measure_fill(crop, Proposal(soft)).holes)["sharpness"] < 0.75
    off = row_of(measure_fill(crop, Proposal(_moved(crop.bare + np.float32(0.1)))).holes)
    assert off["psnr"] == pytest.approx(20, abs=1e-3)
    assert off["low"] == pytest.approx(20, abs=1e-3)
    assert off["low_mean"] == pytest.approx(20, abs=1e-3)


def test_only_what_is_inside_the_matte_counts(stored: np.ndarray) -> None:
    crop = hole_crop(stored)
    right = _moved(crop.bare)
    wild = np.where(crop.coverage > 0, right, 9.0).astype(np.float32)
    assert measure_fill(crop, Proposal(wild)).holes == measure_fill(crop, Proposal(right)).holes


def test_neighbors_win_where_they_show_the_place(stored: np.ndarray) -> None:
    crop = hole_crop(stored)
    low = {}
    for candidate in classical_candidates():
        holes = measure_fill(crop, candidate.fill(crop.planes, crop.key)).holes
        low[candidate.name] = {h.kind: row_of([h])["low"] for h in holes}
    assert low["neighbours' mean"]["shown"] > low["Telea"]["shown"] + 6
    assert low["neighbours' median"]["misled"] < low["Telea"]["misled"]
    assert low["neighbours' mean"]["unshown"] == low["Telea"]["unshown"]
    assert set(low) == {
        *("temporal fill", "Telea", "Navier-Stokes", "neighbours' mean", "neighbours' median"),
    }


def test_crops_come_from_all_windows_before_any_gives_a_second(hole_store) -> None:  # type: ignore[no-untyped-def]
    store = SceneStore(hole_store)
    assert choose_crops(store, 3, 0) == [(0, 0), (1, 0), (2, 0)]
    assert choose_crops(store, 3, 2) == [(0, 0), (2, 0)]


def test_the_tables_hold_each_group_and_keep_the_slow_apart(stored: np.ndarray) -> None:
    crop = hole_crop(stored)
    holes = measure_fill(crop, Proposal(crop.planes[FIRST])).holes
    quick = CandidateResult("quick", "a", 12345, False, 1.0, 0.5, holes, {"lpips": [0.25]})
    slow = replace(quick, name="slow", slow=True, holes=holes[:1], perceptual={})
    text = table_markdown([quick, slow], ["A note."])
    assert "| quick | a | 12,345 | 2.00 |" in text
    assert "### All holes: 3 holes, 1,100 px" in text
    assert "### All holes (few crops): 3 holes, 1,100 px" in text
    assert "| quick | 0.2500 |" in text
    assert "A note." in text
    first, _, second = text.partition("## On the 1 crops")
    # The slow one is in the table of costs, then only in those of its own.
    assert first.count("| slow |") == 1
    assert second.count("| slow |") == 2
    belongs = groups()["above 400 px or not shown"]
    assert [belongs(h) for h in holes] == [False, True, True]
