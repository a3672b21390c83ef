from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from filmrestore_core.cli.main import run
from filmrestore_core.cli.validation.lasting import lasting_case, lasting_hole
from filmrestore_core.cli.validation.steadiness import measure_steadiness
from filmrestore_core.metrics.evaluate import CleanMotion, EvaluationCase, holes
from filmrestore_core.noise import generator


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four frames over which a soft pattern moves."""
    folder = tmp_path_factory.mktemp("clip")
    noise = generator(1, "pattern").random((120, 140, 3), np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    codes = np.clip((soft - soft.mean()) / soft.std() * 30 + 128, 0, 255).astype(np.uint8)
    for i in range(4):
        cv2.imwrite(str(folder / f"{i}.png"), codes[2 * i : 2 * i + 96, 3 * i : 3 * i + 120])
    return folder


@pytest.fixture(scope="module")
def case(clip: Path) -> EvaluationCase:
    return lasting_case(clip, frames=4, width=112, height=88, seed=3)


def test_damage_lasts_and_nothing_else_differs(case: EvaluationCase) -> None:
    assert [d.shape for d in case.damaged] == [(88, 112, 3)] * 4
    lasting = lasting_hole(case)
    assert 200 < lasting.sum() < 3000
    for damaged, clean, truth in zip(case.damaged, case.clean, case.truth, strict=True):
        assert {c.value for c in truth} >= {"stain", "scratch", "hair"}
        change = np.abs(damaged - clean).max(axis=-1)
        assert change[~holes(truth, change.shape)].max() <= 0.04
        assert change[lasting].min() > 0.04


def test_a_still_clip_shows_one_picture_under_fresh_grain(clip: Path) -> None:
    still = lasting_case(clip, frames=4, width=112, height=88, still=True)
    # Of grain of 0.02 a mean of 625 pixels leaves about 0.001; a moved pattern differs by 0.1.
    first, second = (cv2.blur(c, (25, 25)) for c in still.clean[:2])
    assert np.abs(first - second).mean() < 0.004
    assert not np.array_equal(still.clean[0], still.clean[1])


def test_the_truth_is_as_steady_as_itself_and_flicker_is_not(case: EvaluationCase) -> None:
    motion = CleanMotion(case)
    true = measure_steadiness(case, case.clean, motion)
    assert true.whole.ratio == true.soft.ratio == true.grain.ratio == 1
    assert true.whole.samples > 1000
    flickering = []
    for i, (clean, truth) in enumerate(zip(case.clean, case.truth, strict=True)):
        hole = holes(truth, clean.shape[:2])[..., None]
        flickering.append((clean + np.float32(0.1 * (-1) ** i) * hole).astype(np.float32))
    found = measure_steadiness(case, flickering, motion)
    assert found.soft.ratio > 2 < found.whole.ratio
    # A tenth everywhere inside is 20 dB, whatever the blur.
    assert found.low.psnr() == pytest.approx(20, abs=0.01)


def test_the_command_measures_the_ways_it_is_given(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    args = ["train", "compare-steadiness", str(clip), "--out", str(out), "--size", "112x88"]
    args += ["--frames", "4", "--method", "surroundings:repair.method=spatial"]
    assert run(args) == 0
    names = ("steadiness.md", "steadiness.json", "slice.jpg", "frames.jpg")
    assert capsys.readouterr().out.split() == [str(out / name) for name in names]
    values = json.loads((out / "steadiness.json").read_text())
    assert list(values) == ["Telea", "surroundings"]
    assert values["surroundings"]["low-passed psnr"] > 12
    assert "| surroundings |" in (out / "steadiness.md").read_text()
    strip = cv2.imread(str(out / "slice.jpg"))
    # Damaged, two ways and truth: a head and six rows for each of four frames.
    assert strip.shape[:2] == (4 * (18 + 6 * 4), 3 * 112)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--method", "nothing"], "names no settings"),
        (["--method", "a:repair.metod=net"], "repair.metod"),
        (["--size", "12"], "is no size"),
    ],
)
def test_wrong_arguments_are_told(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    args = ["train", "compare-steadiness", str(clip), "--out", str(tmp_path / "o"), *more]
    assert run([*args, "--frames", "3"] if "--size" in more else [*args, "--size", "64x64"]) == 2
    assert said in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run(["train", "compare-steadiness", str(empty), "--out", str(tmp_path / "o")]) == 2
