import json

import numpy as np
import pytest

from filmrestore_core.matte import DamageClass
from filmrestore_core.metrics.evaluate import EvaluationCase, RestoredPicture, evaluate
from filmrestore_core.metrics.measured import COLUMNS

SHAPE = (64, 80, 1)


def case(name="a", group="", damaged=True, count=3):
    rng = np.random.default_rng(4)
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]].astype(np.float32)
    scene = (0.5 + 0.15 * np.sin(x / 6) * np.cos(y / 5))[..., None]
    clean, dirty, truth, faint = [], [], [], []
    for i in range(count):
        clean.append((scene + rng.normal(0, 0.02, SHAPE)).astype(np.float32))
        dirty.append(clean[-1].copy())
        hole = np.zeros(SHAPE[:2], bool)
        if damaged:
            hole[10 + 12 * i : 16 + 12 * i, 20:28] = True
            dirty[-1][hole] = 0.05
        truth.append({DamageClass.DIRT: hole} if damaged else {})
        faint.append(np.zeros(SHAPE[:2], bool))
    return EvaluationCase(name, dirty, clean, truth, faint, group=group)


def nothing(case):
    empty = np.zeros(SHAPE[:2], np.float32)
    return [RestoredPicture(d, empty, empty) for d in case.damaged]


def perfect(case):
    return [
        RestoredPicture(c, t[DamageClass.DIRT].astype(np.float32) if t else np.zeros(SHAPE[:2]))
        for c, t in zip(case.clean, case.truth, strict=True)
    ]


def frozen(case):
    """Copies holes from the frame before (the scene does not move)."""
    out = []
    for i, picture in enumerate(perfect(case)):
        hole = case.truth[i][DamageClass.DIRT]
        pixels = case.damaged[i].copy()
        pixels[hole] = case.clean[(i - 1) % len(case.clean)][hole]
        out.append(RestoredPicture(pixels, picture.coverage))
    return out


def test_doing_nothing_finds_nothing_and_is_wrong_nowhere():
    row = evaluate([case()], nothing).total.row()
    assert (row["recall"], row["f1"], row["false_px"], row["changed_px"]) == (0, 0, 0, 0)
    assert row["precision"] is None
    assert row["objects_found"] == 0
    assert row["psnr_hole"] == row["psnr_damaged"]
    assert row["ap"] == 0


def test_perfection_has_nothing_to_improve():
    row = evaluate([case()], perfect).total.row()
    assert row["f1"] == row["objects_found"] == row["iou"] == 1
    assert row["psnr_hole"] is None  # infinite
    assert row["grain"] == pytest.approx(1)
    assert row["flicker"] == pytest.approx(1)
    assert row["ssim_hole"] == pytest.approx(1, abs=1e-6)
    assert row["frozen"] == pytest.approx(0)
    assert row["ap"] is None
    assert row["seconds_per_mp"] > 0


def test_copies_of_a_neighbor_are_called_frozen():
    row = evaluate([case(count=6)], frozen).total.row()
    assert row["frozen"] > 0.5
    assert row["flicker"] < 0.9


def test_false_alarms_on_clean_frames_are_counted():
    def wrong(case):
        out = []
        for d in case.damaged:
            coverage = np.zeros(SHAPE[:2], np.float32)
            coverage[5:7, 5:10] = 1
            coverage[30, 60] = 0.4  # a soft rim: changed, not predicted
            out.append(RestoredPicture(d + 0.01 * (coverage > 0)[..., None], coverage))
        return out

    found = evaluate([case("c", damaged=False), case("d", damaged=True)], wrong)
    row = found.cases["c"].row()
    assert row["false_px"] == pytest.approx(10e6 / (64 * 80))
    assert row["changed_px"] == pytest.approx(11e6 / (64 * 80))
    assert row["false_objects"] == pytest.approx(1e6 / (64 * 80))
    assert row["f1"] is None
    assert row["psnr_hole"] is None


def test_groups_and_total_are_sums():
    cases = [case("a", "x"), case("b", "x"), case("c", "y", damaged=False)]
    found = evaluate(cases, perfect, temporal=False)
    assert found.groups["x"].frames == 6
    assert found.total.frames == 9
    assert found.total.pixels.pixels == 9 * 64 * 80
    assert len(found.total.objects) == 6
    assert found.total.row()["flicker"] is None


def test_tables():
    found = evaluate([case("a", "x")], perfect)
    text = found.to_markdown()
    assert text.startswith("| case | frames | precision |")
    assert "| a | 3 | 1.000 |" in text
    assert "| dirt | 3 of 3 |" in text
    short = found.to_markdown(["f1"])
    assert "| **all** | 3 | 1.000 |" in short
    document = json.loads(found.to_json())
    assert set(document["columns"]) == set(COLUMNS)
    assert document["total"]["f1"] == 1
    assert document["cases"]["a"]["objects"] == {"dirt": {"40-149": [3, 3]}}


def test_a_restorer_that_gives_the_wrong_pictures_is_refused():
    with pytest.raises(ValueError, match="2 pictures for 3 frames"):
        evaluate([case()], lambda c: nothing(c)[:2])
    with pytest.raises(ValueError, match="frame 0"):
        evaluate(
            [case()],
            lambda c: [RestoredPicture(p.pixels[:-1], p.coverage) for p in nothing(c)],
        )


def test_fills_are_measured_only_where_something_was_filled():
    def half(case):
        """Repairs the left half of each hole, and leaves the rest as it was."""
        out = []
        for picture, damaged in zip(perfect(case), case.damaged, strict=True):
            coverage = picture.coverage.copy()
            coverage[:, 24:] = 0
            pixels = np.where(coverage[..., None] > 0, picture.pixels + 0.01, damaged)
            out.append(RestoredPicture(pixels.astype(np.float32), coverage))
        return out

    row = evaluate([case()], half).total.row()
    assert row["psnr_filled"] == pytest.approx(40, abs=0.01)
    assert row["low_filled"] == pytest.approx(40, abs=0.01)
    assert row["psnr_hole"] < 20
    assert row["objects_found"] == 1  # just half of each
