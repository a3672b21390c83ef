from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest

from filmrestore_core.cli.main import run
from filmrestore_core.learning.judge.clips import find_clips
from filmrestore_core.learning.judge.examples import make_examples
from filmrestore_core.learning.judge.train import TrainingPlan, train_judge
from filmrestore_core.learning.judge.trees import TreeSettings
from filmrestore_core.testing.scenes import moving_scene

WRITTEN = ("judge_both_sides.json", "judge_one_side.json", "judge_card.json")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("footage")
    for place, name in enumerate(("hill", "lake", "road", "town")):
        (root / name).mkdir()
        scene = moving_scene(range(5), height=120, width=160, channels=3, seed=place)
        # Its chips stand for what is picture and yet comes and goes.
        for number, picture in scene.damaged.items():
            codes = np.round(picture * 255).astype(np.uint8)
            cv2.imwrite(str(root / name / f"{number}.png"), codes)
    return root


@pytest.fixture(scope="module")
def plan(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainingPlan:
    return TrainingPlan(
        clips=clips,
        out=tmp_path_factory.mktemp("learned"),
        seed=3,
        frames_per_clip=3,
        trees=TreeSettings(trees=10, leaves=5, least=5, bins=16),
    )


@pytest.fixture(scope="module")
def learned(plan: TrainingPlan) -> dict[str, bytes]:
    train_judge(plan)
    return {name: (plan.out / name).read_bytes() for name in WRITTEN}


def test_the_same_plan_gives_the_same_bytes_with_any_number_of_workers(
    plan: TrainingPlan, learned: dict[str, bytes], tmp_path: Path
) -> None:
    train_judge(replace(plan, out=tmp_path, workers=2))
    assert {name: (tmp_path / name).read_bytes() for name in WRITTEN} == learned


def test_a_stopped_run_goes_on_and_makes_stale_candidates_anew(
    plan: TrainingPlan, learned: dict[str, bytes]
) -> None:
    kept = sorted((plan.out / "candidates").glob("*.npz"))
    assert len(kept) == 12
    kept[2].unlink()
    times = [p.stat().st_mtime_ns for p in kept if p.exists()]
    seen: list[tuple[str, int, int]] = []
    train_judge(plan, done=lambda name, at, of: seen.append((name, at, of)))
    assert [p.stat().st_mtime_ns for p in kept if p != kept[2]] == times
    assert [at for _, at, _ in seen] == list(range(1, 13))
    assert {name: (plan.out / name).read_bytes() for name in WRITTEN} == learned


def test_candidates_made_from_something_else_are_made_anew(
    plan: TrainingPlan, learned: dict[str, bytes], tmp_path: Path
) -> None:
    clip = find_clips(plan.clips)[0]
    kept = tmp_path / f"{clip.name}.0.npz"
    shutil.copyfile(plan.out / "candidates" / kept.name, kept)
    before = kept.read_bytes()
    options = {"shapes": None, "looks": 1, "workers": 1}
    (same,) = make_examples([clip], tmp_path, seed=plan.seed, **options)
    assert kept.read_bytes() == before
    (other,) = make_examples([clip], tmp_path, seed=plan.seed + 1, **options)
    assert kept.read_bytes() != before
    assert not np.array_equal(other.columns, same.columns)


def test_the_card_tells_the_whole_story(plan: TrainingPlan, learned: dict[str, bytes]) -> None:
    card = json.loads(learned["judge_card.json"])
    assert "--seed 3 --frames-per-clip 3" in card["command"]
    assert str(plan.clips) not in json.dumps(card)
    assert [c["name"] for c in card["clips"]] == ["hill", "lake", "road", "town"]
    assert all(c["frames"] == 5 for c in card["clips"])
    for name in WRITTEN[:2]:
        assert card["sha256"][name] == sha256(learned[name]).hexdigest()
    tested = {c["series"] for c in card["clips"] if c["used_for"] == "test"}
    assert len(tested) == 1
    for judge in ("both_sides", "one_side"):
        assert set(card["results"][judge]["test"]["series"]) == tested
        assert not tested & set(card["results"][judge]["cross_validation"]["series"])


def test_the_command_trains(
    plan: TrainingPlan,
    learned: dict[str, bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(plan.out / "candidates", tmp_path / "candidates")
    places = [str(plan.clips), "--out", str(tmp_path)]
    counts = ["--seed", str(plan.seed), "--frames-per-clip", str(plan.frames_per_clip)]
    assert run(["train", "judge", *places, *counts]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said["both_sides"]) == {"test", "cross_validation"}
    card = json.loads((tmp_path / "judge_card.json").read_text("utf-8"))
    assert card["command"] == json.loads(learned["judge_card.json"])["command"]
    assert card["sha256"] != json.loads(learned["judge_card.json"])["sha256"]  # more trees


def test_the_command_refuses_a_folder_without_clips(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "judge", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "no clip to learn from" in capsys.readouterr().err


def test_the_command_says_what_to_install(
    clips: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert run(["train", "judge", str(clips), "--out", str(tmp_path / "out")]) == 1
    assert "filmrestore[train]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
