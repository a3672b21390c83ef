"""Cases of a validation set, contenders, curves and pages."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cv2
import numpy as np
import pytest

from filmrestore_core.cli.validation.cases import CLEAN, CaseSource, coded
from filmrestore_core.cli.validation.chart import line_chart
from filmrestore_core.cli.validation.contenders import (
    PRODUCT,
    contenders,
    frame_of,
    pixels_of,
)
from filmrestore_core.cli.validation.entry import Entry, filtered
from filmrestore_core.cli.validation.report import Results, results_markdown, write_results
from filmrestore_core.cli.validation.sweep import Sweep
from filmrestore_core.errors import SettingsError
from filmrestore_core.media.movie_file import temporal_median
from filmrestore_core.metrics.evaluate import Contender, EvaluationCase, RestoredPicture, compare
from filmrestore_core.presets import load_preset
from filmrestore_core.synth.noise_line import smooth_field
from filmrestore_core.synth.validation_set import ValidationSet, load_validation_set

SET = Path(__file__).parents[2] / "bench" / "validation.yaml"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips of a pan, 6 frames of 64 x 96 and of 80 x 60."""
    folder = tmp_path_factory.mktemp("clips")
    for name, height, width in (("one", 64, 96), ("two", 80, 64)):
        (folder / name).mkdir()
        wide = smooth_field(np.random.default_rng(height), height, width + 20, 12, octaves=3)
        for i in range(6):
            gray = np.clip(0.5 + 0.2 * wide[:, 2 * i : 2 * i + width], 0, 1)
            codes = np.round(np.repeat(gray[..., None], 3, axis=2) * 255).astype(np.uint8)
            cv2.imwrite(str(folder / name / f"{i:05d}.png"), codes)
    return folder


def plan(**changes: object) -> ValidationSet:
    values: dict[str, object] = {
        "frames": 5,
        "clips": [
            {"clip": "one", "recipe": "heavy"},
            {"clip": "two", "recipe": "light", "gauge": "16mm", "monochrome": True},
        ],
        "negatives": ["rain", "cut", "repeats"],
        "negative_frames": 5,
        "negative_clips": 1,
    }
    return ValidationSet.model_validate({**values, **changes})


def test_every_clip_is_clean_once_and_damaged_once_then_come_the_negatives(clips: Path) -> None:
    cases = list(CaseSource(plan(), clips).cases())
    assert [c.group for c in cases] == [CLEAN, "heavy", CLEAN, "light", "rain", "cut", "repeats"]
    for case in cases:
        assert len(case.damaged) == 5
        has_damage = any(plane.any() for frame in case.truth for plane in frame.values())
        assert has_damage == (case.group == "heavy") or case.group == "light"
        if case.group in (CLEAN, "rain", "cut", "repeats"):
            assert all(np.array_equal(a, b) for a, b in zip(case.damaged, case.clean, strict=True))
            assert not any(f.any() for f in case.faint)
    assert [c.damaged[0].shape[2] for c in cases[:4]] == [3, 3, 1, 1]


def test_the_same_set_gives_the_same_bits(clips: Path) -> None:
    first, second = (list(CaseSource(plan(), clips).cases()) for _ in range(2))
    for one, two in zip(first, second, strict=True):
        assert np.stack(one.damaged).tobytes() == np.stack(two.damaged).tobytes()
    other = next(CaseSource(plan(seed=2), clips).cases())
    assert np.stack(other.damaged).tobytes() != np.stack(first[0].damaged).tobytes()


def test_truth_is_what_can_be_told_from_grain(clips: Path) -> None:
    for case in CaseSource(plan(negatives=[]), clips).cases():
        for damaged, clean, truth in zip(case.damaged, case.clean, case.truth, strict=True):
            change = np.abs(damaged - clean).max(axis=-1)
            for plane in truth.values():
                # Half a step of 16 bits is lost in coding.
                assert (change[plane] > 0.04 - 1e-4).all()


def test_clips_are_scaled_and_strided(clips: Path) -> None:
    entry = {"clip": "one", "height": 128, "stride": 2}
    source = CaseSource(plan(clips=[entry], frames=3, negatives=[]), clips)
    case = next(source.cases())
    assert case.damaged[0].shape == (128, 192, 3)
    assert len(case.damaged) == 3


def test_missing_clips_are_told_before_anything_runs(clips: Path) -> None:
    with pytest.raises(SettingsError, match="no clip 'three'"):
        CaseSource(plan(clips=[{"clip": "three"}]), clips).check()
    with pytest.raises(SettingsError, match="has 2 JPEG or PNG frames"):
        CaseSource(plan(clips=[{"clip": "one", "stride": 4}]), clips).check()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("clips: []", "clips"),
        ("clips: [{clip: a, recipe: huge}]", "known recipes are"),
        ("clips: [{clip: a}]\nnegatives: [fire]", "negatives"),
        ("clips: [{clip: a}]\nfrimes: 3", "line 2: 'frimes'"),
    ],
)
def test_a_wrong_set_is_told_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        load_validation_set(path)


def test_the_project_s_own_set_is_hard() -> None:
    found = load_validation_set(SET)
    assert {entry.recipe for entry in found.clips} == {"light", "medium", "heavy"}
    assert {entry.monochrome for entry in found.clips} == {True, False}
    assert len({entry.clip for entry in found.clips}) == 14
    assert len(found.negatives) == 17


def test_sixteen_bits_go_through_a_frame_unchanged() -> None:
    pixels = coded(np.random.default_rng(1).uniform(0, 1, (9, 7, 3)).astype(np.float32))
    assert np.array_equal(pixels_of(frame_of(pixels, 3)), pixels)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_temporal_median_is_a_median_over_time(channels: int) -> None:
    rng = np.random.default_rng(3)
    pictures = [rng.integers(0, 65536, (16, 24, channels), np.uint16) for _ in range(5)]
    padded = [pictures[0], *pictures, pictures[-1]]
    made = temporal_median(pictures, 1)
    assert len(made) == 5
    for i, picture in enumerate(made):
        assert np.array_equal(picture, np.median(np.stack(padded[i : i + 3]), axis=0))


def test_a_filter_takes_for_damage_what_it_changes_much(clips: Path) -> None:
    case = next(CaseSource(plan(negatives=[]), clips).cases())
    made = [d.copy() for d in case.damaged]
    made[0][3, 4] += 0.05
    made[0][8, 8] += 0.03
    pictures = filtered(case, made)
    assert pictures[0].coverage.sum() == 1
    assert pictures[0].coverage[3, 4] == 1


def test_contenders_that_cannot_run_say_why() -> None:
    found = contenders(load_preset("standard"))
    assert {PRODUCT, "classical", "telea", "navier-stokes", "neighbor-median"} <= set(found)
    for entry in found.values():
        assert entry.about
    assert "RemoveDirt" in found
    assert found["RemoveDirt"].contender is None


def _nothing(case: EvaluationCase) -> list[RestoredPicture]:
    empty = np.zeros(case.damaged[0].shape[:2], np.float32)
    return [RestoredPicture(d, empty) for d in case.damaged]


def test_pages_have_a_line_for_each_negative_and_contender(clips: Path, tmp_path: Path) -> None:
    cases = list(CaseSource(plan(), clips).cases())
    entries = {
        PRODUCT: Entry(Contender(_nothing), "does nothing"),
        "absent": Entry(None, "it is not installed"),
    }
    sweep = Sweep(
        load_preset("standard"), negatives=["rain", "cut", "repeats"], sensitivities=[0.5]
    )
    for case in cases[:2] + cases[4:5]:
        sweep.add(case)
    evaluations = compare(cases, {PRODUCT: Contender(_nothing)}, temporal=False)
    results = Results(evaluations, entries, ["rain", "cut", "repeats"], sweep, {"set": "small"})
    text = results_markdown(results)
    for line in (
        "| rain | 5 | 0 / 0.0 |",
        "| cut | 5 |",
        "- absent: not run; it is not installed.",
    ):
        assert line in text
    point = sweep.points[0.5]
    assert point.damaged.pixels == point.clean.pixels == point.negatives.pixels > 0
    written = write_results(tmp_path / "out", results)
    assert {p.name for p in written} == {
        "results.md",
        "results.json",
        "sensitivity.svg",
        "precision-recall.svg",
    }
    for path in written:
        if path.suffix == ".svg":
            ElementTree.fromstring(path.read_text("utf-8"))


def test_a_chart_puts_points_where_they_belong() -> None:
    text = line_chart("a < b", "x", "y", {"line": [(0.0, 0.0), (1.0, 1.0), (0.5, float("nan"))]})
    root = ElementTree.fromstring(text)
    lines = [e for e in root.iter() if e.tag.endswith("polyline")]
    (start, end) = (tuple(map(float, p.split(","))) for p in lines[0].attrib["points"].split())
    assert start == (70.0, 350.0)
    assert end == (460.0, 36.0)
    log = line_chart("t", "x", "y", {"a": [(0, 0), (0.5, 10), (1, 1000)]}, log_y=True)
    points = next(e for e in ElementTree.fromstring(log).iter() if e.tag.endswith("polyline"))
    heights = [float(p.split(",")[1]) for p in points.attrib["points"].split()]
    # From nothing by way of 10 and 100 to 1000; places are written with one digit.
    assert heights == pytest.approx([350, 350 - 314 / 3, 36], abs=0.05)
    assert ">0<" in log


def test_vapoursynth_peers_restore_where_they_are_installed(clips: Path) -> None:
    pytest.importorskip("vapoursynth", reason="VapourSynth has packages for Python 3.12 and later")
    entries = contenders(load_preset("standard"))
    ready = [entries[n].contender for n in ("SpotLess", "DeScratch")]
    rivals = {str(i): c for i, c in enumerate(ready) if c is not None}
    cases = list(CaseSource(plan(negatives=[]), clips).cases())
    for found in compare(cases, rivals, temporal=False).values():
        assert found.total.frames == 20
