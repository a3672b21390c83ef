"""Training: exact resuming, averages, refusals, and the command end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from filmrestore_core.cli.main import run  # noqa: E402
from filmrestore_core.errors import ModelContractError, SettingsError  # noqa: E402
from filmrestore_core.learning.samples.store import SceneStore  # noqa: E402
from filmrestore_core.learning.training.checkpoint import (  # noqa: E402
    NET_KEY,
    STATE_KEY,
    load_tensors,
    save_tensors,
)
from filmrestore_core.learning.training.config import TrainingConfig  # noqa: E402
from filmrestore_core.learning.training.curve import read_log, write_curve  # noqa: E402
from filmrestore_core.learning.training.trainer import BEST, HARD, LAST, Progress, Trainer  # noqa: E402

CONFIG: dict[str, Any] = {
    "net": {"net": "unet", "planes": "t5-v1", "widths": [4, 6], "blocks": 1},
    "scenes": {"train": 4, "validation": 2, "seed": 11, "apart": ["tower"]},
    "steps": 6,
    "batch": 2,
    "crop": 64,
    "warm_up": 2,
    "every": 3,
    "save_every": 2,
}


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _trainer(root: Path, out: Path, start: Path | None = None, **changes: Any) -> Trainer:
    config = TrainingConfig.model_validate(CONFIG | changes)
    stores = (SceneStore(root / "train"), SceneStore(root / "validation"))
    return Trainer(config, *stores, out, device="cpu", start=start)


def _stop_after(trainer: Trainer, steps: int) -> Any:
    return lambda: trainer.step >= steps


def test_stopped_and_taken_up_is_as_never_stopped(scene_root: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    told: list[Progress] = []
    figures = _trainer(scene_root, whole).run(tell=told.append)
    assert [t.step for t in told] == [2, 4, 6]
    assert told[-1].seconds_left == 0
    assert figures == told[-1].figures
    # Stopped right before and right after a validation, and where nothing else happens.
    for stop in (2, 3, 5):
        trainer = _trainer(scene_root, parts)
        trainer.run(should_stop=_stop_after(trainer, stop))
        assert trainer.step == stop
    assert _trainer(scene_root, parts).run() == figures
    for name in (LAST, BEST):
        assert (whole / name).read_bytes() == (parts / name).read_bytes()
    validated = [[r for r in read_log(out) if "best_f1" in r] for out in (whole, parts)]
    assert validated[0] == validated[1]
    assert [r["step"] for r in validated[0]] == [3, 6]
    # Who is at the end stays there.
    before = (whole / LAST).read_bytes()
    assert _trainer(scene_root, whole).run() == figures
    assert (whole / LAST).read_bytes() == before


@pytest.mark.slow
def test_a_killed_training_repeats_what_was_not_saved(scene_root: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    _trainer(scene_root, whole).run()

    class Killed(Exception):
        pass

    trainer = _trainer(scene_root, killed)

    def kill() -> bool:
        if trainer.step == 5:
            raise Killed
        return False

    with pytest.raises(Killed):
        trainer.run(should_stop=kill)
    assert load_tensors(killed / LAST)[1][STATE_KEY]["step"] == 4
    _trainer(scene_root, killed).run()
    for name in (LAST, BEST):
        assert (whole / name).read_bytes() == (killed / name).read_bytes()


def test_best_holds_averages_and_what_was_measured(scene_root: Path, tmp_path: Path) -> None:
    figures = _trainer(scene_root, tmp_path, every=6).run()
    best, facts = load_tensors(tmp_path / BEST)
    last, _ = load_tensors(tmp_path / LAST)
    assert facts[NET_KEY] == CONFIG["net"]
    assert facts[STATE_KEY] == {"step": 6, "figures": figures}
    assert figures is not None
    assert {row["threshold"] for row in figures["thresholds"]} >= {0.5, 0.95}
    assert all(torch.equal(best[name], last[f"average.{name}"]) for name in best)
    assert any(not torch.equal(best[name], last[f"net.{name}"]) for name in best)


def test_a_folder_of_another_training_is_refused(scene_root: Path, tmp_path: Path) -> None:
    trainer = _trainer(scene_root, tmp_path)
    trainer.run(should_stop=lambda: True)
    with pytest.raises(SettingsError, match="another configuration"):
        _trainer(scene_root, tmp_path, rate=1e-3)


def test_weights_to_begin_with(scene_root: Path, tmp_path: Path) -> None:
    _trainer(scene_root, tmp_path / "first").run(should_stop=lambda: True)
    start = tmp_path / "start.safetensors"
    tensors, _ = load_tensors(tmp_path / "first" / LAST)
    weights = {
        k.removeprefix("average."): v for k, v in tensors.items() if k.startswith("average.")
    }
    save_tensors(start, weights, {NET_KEY: CONFIG["net"]})
    second = _trainer(scene_root, tmp_path / "second", start, rate=1e-12, decay=0)
    second.run(should_stop=lambda: True)
    made, _ = load_tensors(tmp_path / "second" / LAST)
    for name, value in weights.items():
        # At that rate a step moves no weight by more than 1e-12.
        torch.testing.assert_close(made[f"net.{name}"], value, rtol=0, atol=1e-9)
    other = CONFIG["net"] | {"widths": [4, 8]}
    with pytest.raises(SettingsError, match="holds the net"):
        _trainer(scene_root, tmp_path / "third", start, net=other)
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelContractError, match="no checkpoint"):
        _trainer(scene_root, tmp_path / "fourth", tmp_path / "bad.safetensors")


def test_a_torn_log_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    rows = [{"step": 2, "loss": 3.0}, {"step": 3, "best_f1": 0.1}, {"step": 4, "loss": 2.0}]
    again = {"step": 4, "loss": 1.5}
    lines = [json.dumps(row) for row in (*rows, again)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines) + '\n{"step": 6, "lo', encoding="utf-8")
    assert read_log(tmp_path) == [*rows[:2], again]
    assert read_log(tmp_path / "absent") == []
    pytest.importorskip("matplotlib")
    write_curve(tmp_path)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


YAML = """net: {net: unet, planes: t3-v1, widths: [4, 6], blocks: 1}
scenes: {train: 4, validation: 2, seed: 11, apart: [tower]}
steps: 4
batch: 2
crop: 64
every: 2
save_every: 2
"""


def test_the_command_trains_end_to_end(
    data_folder: Path, scene_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    config, out = tmp_path / "config.yaml", tmp_path / "out"
    config.write_text(YAML, encoding="utf-8")
    scenes = tmp_path / "scenes"
    for side in ("train", "validation"):
        (scenes / side).mkdir(parents=True)
        (scenes / side / "plan.json").write_bytes((scene_root / side / "plan.json").read_bytes())
        for file in (scene_root / side).glob("00000[123].*"):
            (scenes / side / file.name).symlink_to(file)
    line = ["train", "segmenter", str(config), "--data", str(data_folder), "--out", str(out)]
    line += ["--scenes", str(scenes), "--device", "cpu", "--threads", "1"]
    assert run(line) == 0
    said = capsys.readouterr()
    assert "train scenes: 4 of 4" in said.err
    assert "step 4 of 4: loss" in said.err
    assert "min left" in said.err
    assert json.loads(said.out)["best_f1"] >= 0
    assert {f.name for f in out.iterdir()} == {
        "best.safetensors",
        "last.safetensors",
        "log.jsonl",
        "curve.png",
    }
    config.write_text(YAML.replace("steps: 4", "steps: 5"), encoding="utf-8")
    assert run(line) == 2
    assert "another configuration" in capsys.readouterr().err
    config.write_text(YAML.replace("crop: 64", "crop: 65"), encoding="utf-8")
    assert run(line) == 2
    assert "line 5: crop" in capsys.readouterr().err
    assert run([*line[:3], "--data", str(tmp_path), "--out", str(tmp_path / "other")]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_hard_places_come_from_the_first_weights_and_survive_a_stop(
    scene_root: Path, tmp_path: Path
) -> None:
    _trainer(scene_root, tmp_path / "first").run()
    start = tmp_path / "first" / BEST
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    figures = _trainer(scene_root, whole, start, hard=0.7).run()
    trainer = _trainer(scene_root, parts, start, hard=0.7)
    trainer.run(should_stop=_stop_after(trainer, 2))
    assert _trainer(scene_root, parts, hard=0.7).run() == figures
    assert (whole / LAST).read_bytes() == (parts / LAST).read_bytes()
    (parts / HARD).unlink()
    with pytest.raises(SettingsError, match="is gone"):
        _trainer(scene_root, parts, hard=0.7, steps=6).run()
