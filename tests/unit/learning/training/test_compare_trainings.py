from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from filmrestore_core.cli.main import run  # noqa: E402
from filmrestore_core.learning.nets.build import build_net  # noqa: E402
from filmrestore_core.learning.training.checkpoint import (  # noqa: E402
    NET_KEY,
    STATE_KEY,
    save_tensors,
)
from filmrestore_core.learning.training.compare import compare_runs  # noqa: E402


def _row(threshold: float, f1: float, objects: float, false_px: float) -> dict[str, float]:
    return {"threshold": threshold, "f1": f1, "objects": objects, "false_px": false_px}


def _run(folder: Path, spec: dict[str, Any], rows: list[dict[str, float]]) -> Path:
    figures = {"thresholds": rows, "best_f1": max(r["f1"] for r in rows)}
    facts = {NET_KEY: spec, STATE_KEY: {"step": 30, "figures": figures}}
    save_tensors(folder / "best.safetensors", build_net(spec).state_dict(), facts)
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    one = {"net": "unet", "planes": "t1-v1", "widths": [4, 4], "blocks": 1}
    two = {"net": "segformer", "planes": "t5-v1", "widths": [4, 4], "blocks": [1]}
    two |= {"heads": [1], "reductions": [1]}
    loud = [_row(0.5, 0.5, 0.9, 900.0), _row(0.9, 0.4, 0.8, 250.0)]
    quiet = [_row(0.2, 0.6, 0.95, 300.0), _row(0.5, 0.7, 0.9, 150.0), _row(0.8, 0.6, 0.7, 9.0)]
    return [_run(tmp_path / "one", one, loud), _run(tmp_path / "two", two, quiet)]


def test_figures_are_those_of_the_checkpoints(folders: list[Path]) -> None:
    one, two = compare_runs(folders, rounds=1)
    assert (one.net, one.planes, one.step) == ("unet", "t1-v1", 30)
    assert one.parameters > two.parameters / 10 > 0
    assert (one.best_f1, one.false_at_best) == (0.5, 900.0)
    assert (one.objects, one.threshold) == (None, None)
    assert (two.best_f1, two.false_at_best) == (0.7, 150.0)
    # The threshold that finds most of those that are quiet enough.
    assert (two.objects, two.threshold) == (0.9, 0.5)
    assert one.milliseconds > 0
    assert two.milliseconds > 0


def test_the_command_prints_one_table(
    folders: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", "compare", *map(str, folders)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert len({line.count("|") for line in lines}) == 1
    # The best first.
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| segformer", "| unet"]
    assert "0.900 (from 0.5)" in lines[2]
    assert "| none |" in lines[3]
    assert run(["train", "compare", str(tmp_path / "absent")]) == 2
    assert "no training that was measured" in capsys.readouterr().err
