"""`filmrestore evaluate`, run as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from filmrestore_core.cli.main import run
from filmrestore_core.synth.noise_line import smooth_field


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    (folder / "pan").mkdir()
    wide = smooth_field(np.random.default_rng(4), 96, 150, 14, octaves=3)
    for i in range(5):
        gray = np.clip(0.5 + 0.2 * wide[:, 2 * i : 2 * i + 128], 0, 1)
        cv2.imwrite(str(folder / "pan" / f"{i}.png"), np.round(gray * 255).astype(np.uint8))
    return folder


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    path = tmp_path / "set.yaml"
    path.write_text(
        "frames: 4\nclips: [{clip: pan, recipe: medium, gauge: 8mm, monochrome: true}]\n"
        "negatives: [snow]\nnegative_frames: 3\nnegative_clips: 1\n",
        encoding="utf-8",
    )
    return path


def evaluate(*arguments: object) -> int:
    return run(["evaluate", *map(str, arguments)])


def test_one_run_gives_all_tables_and_curves(small_set: Path, clips: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert evaluate(small_set, "--clips", clips, "--out", out, "--set", "detect.radius=1") == 0
    document = json.loads((out / "results.json").read_text("utf-8"))
    ran = {name for name, entry in document["contenders"].items() if entry["ran"]}
    assert {"filmrestore", "classical", "telea", "navier-stokes", "neighbor-median"} <= ran
    product = document["results"]["filmrestore"]["groups"]
    assert set(product) == {"clean", "medium", "snow"}
    assert product["medium"]["recall"] is not None
    assert product["medium"]["ap"] is not None
    assert product["clean"]["again_px"] is not None
    assert document["results"]["telea"]["groups"]["medium"]["recall"] == 1
    assert document["results"]["ffmpeg tmedian"]["groups"]["medium"]["recall"] > 0.1
    assert len(document["sensitivity"]) == 5
    text = (out / "results.md").read_text("utf-8")
    assert "## Hard negatives" in text
    assert (out / "sensitivity.svg").exists()
    assert (out / "precision-recall.svg").exists()


def test_the_figures_are_the_same_twice(small_set: Path, clips: Path, tmp_path: Path) -> None:
    documents = []
    for name in ("a", "b"):
        options = ("--contender", "telea", "--contender", "neighbor-median", "--no-sweep")
        assert evaluate(small_set, "--clips", clips, "--out", tmp_path / name, *options) == 0
        document = json.loads((tmp_path / name / "results.json").read_text("utf-8"))
        for measured in document["results"].values():
            for group in (*measured["cases"].values(), *measured["groups"].values()):
                group.pop("seconds_per_mp")
            measured["total"].pop("seconds_per_mp")
        documents.append(document)
    assert documents[0] == documents[1]


def test_wrong_arguments_are_told_before_anything_runs(
    small_set: Path, clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for arguments, said in (
        ((small_set, "--clips", tmp_path, "--out", out), "has no clip 'pan'"),
        ((small_set, "--clips", clips, "--out", out, "--only", "x"), "no clip 'x'"),
        ((small_set, "--clips", clips, "--out", out, "--contender", "x"), "no contender 'x'"),
        ((small_set, "--clips", clips, "--out", out, "--contender", "RemoveDirt"), "cannot run"),
        ((tmp_path / "none.yaml", "--clips", clips, "--out", out), "cannot be read"),
    ):
        assert evaluate(*arguments) == 2
        assert said in capsys.readouterr().err
    assert not out.exists()
