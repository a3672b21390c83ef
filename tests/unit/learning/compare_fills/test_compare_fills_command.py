from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import cv2
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from filmrestore_core.cli.main import run  # noqa: E402
from filmrestore_core.learning.compare_fills.offline import offline  # noqa: E402
from filmrestore_core.learning.compare_fills.perceptual import open_perceptual  # noqa: E402
from filmrestore_core.learning.nets.build import build_net  # noqa: E402
from filmrestore_core.learning.training.checkpoint import NET_KEY, save_tensors  # noqa: E402

FAST = {"net": "unet", "planes": "fill-t5-v2", "widths": [4, 8], "blocks": 1}


def _checkpoint(path: Path, spec: dict[str, object]) -> Path:
    torch.manual_seed(1)
    save_tensors(path, build_net(spec).state_dict(), {NET_KEY: spec})
    return path


def test_the_command_writes_tables_and_sheets_and_keeps_what_it_measured(
    hole_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    fast = _checkpoint(tmp_path / "fast.safetensors", FAST)
    args = ["train", "compare-fills", "--holes", str(hole_store), "--out", str(out)]
    args += ["--candidate", f"fast={fast}", "--rows", "2", "--metric", "none"]
    assert run(args) == 0
    assert capsys.readouterr().out.split() == [
        str(out / name) for name in ("table.md", "table.json", "sheet-1.jpg")
    ]
    values = json.loads((out / "table.json").read_text())
    rows = values["candidates"]
    # A fresh net gives the first fill back.
    assert rows["fast"]["groups"] == rows["temporal fill"]["groups"]
    assert rows["fast"]["parameters"] > 100
    assert rows["Telea"]["groups"]["all holes"]["holes"] == 9
    assert "| fast |" in (out / "table.md").read_text()
    sheet = cv2.imread(str(out / "sheet-1.jpg"))
    # Damaged, temporal fill, shipped net, fast and truth, twice as large.
    assert sheet.shape[1] > 5 * 2 * 64
    figures = sorted(out.glob("measured/fast-*.json"))
    before = figures[0].stat().st_mtime_ns
    assert run(args) == 0
    assert figures[0].stat().st_mtime_ns == before
    assert sorted(out.glob("measured/fast-*.json")) == figures


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--candidate", "nameless"], "names no file"),
        (["--candidate", "a=/no/such/file"], "there is no checkpoint"),
        (["--base", "nobody"], "no candidate 'nobody' to start from"),
        (["--steps", "0"], "--steps '0'"),
        (["--start", "1.5"], "--start '1.5'"),
        (["--show", "nobody"], "no candidate 'nobody' to show"),
    ],
)
def test_wrong_arguments_are_told_in_one_sentence(
    hole_store: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    said: str,
) -> None:
    args = ["train", "compare-fills", "--holes", str(hole_store), "--out", str(tmp_path / "out")]
    assert run([*args, "--metric", "none", *more]) == 2
    assert said in capsys.readouterr().err


def test_a_net_that_fills_nothing_and_an_empty_store_are_refused(
    hole_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = {"net": "unet", "planes": "t1-v1", "widths": [4, 4], "blocks": 1}
    finder = _checkpoint(tmp_path / "finder.safetensors", spec)
    args = ["train", "compare-fills", "--out", str(tmp_path / "out"), "--metric", "none"]
    assert run([*args, "--holes", str(hole_store), "--candidate", f"a={finder}"]) == 1
    assert "fills no holes" in capsys.readouterr().err
    assert run([*args, "--holes", str(tmp_path / "none")]) == 2
    assert "holds no holes" in capsys.readouterr().err


def test_a_diffusion_model_has_a_row_for_each_plan_and_starts_from_the_base(
    hole_store: Path, tmp_path: Path
) -> None:
    spec = {"net": "diffusing-unet", "planes": "diffuse-t5-v1", "widths": [4, 4, 4, 4]}
    drawing = _checkpoint(tmp_path / "drawing.safetensors", spec)
    out = tmp_path / "out"
    args = ["train", "compare-fills", "--holes", str(hole_store), "--out", str(out), "--most", "2"]
    args += ["--candidate", f"drawing={drawing}", "--steps", "1,2", "--start", "1,0.5"]
    assert run([*args, "--metric", "none", "--rows", "1", "--base", "Telea"]) == 0
    rows = json.loads((out / "table.json").read_text())["candidates"]
    names = [name for name in rows if name.startswith("drawing")]
    assert names == [
        *("drawing, 1 step", "drawing, 2 steps"),
        *("drawing, 1 step from 0.5", "drawing, 2 steps from 0.5"),
    ]
    low = {name: row["groups"]["all holes"]["low"] for name, row in rows.items()}
    # A fresh net draws next to nothing, so that its base remains.
    assert abs(low["drawing, 1 step"] - low["Telea"]) < abs(
        low["drawing, 1 step"] - low["temporal fill"]
    )


def test_nothing_is_fetched_while_offline() -> None:
    own = socket.socket.connect
    with offline():
        with pytest.raises(ConnectionError, match="fetched"):
            socket.create_connection(("127.0.0.1", 9), timeout=0.1)
        with pytest.raises(ConnectionError, match="fetched"):
            socket.getaddrinfo("localhost", 80)
    assert socket.socket.connect is own


def test_metrics_that_cannot_be_had_are_left_out_with_a_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    found, notes = open_perceptual(["lpips"])
    assert found == []
    assert "lpips left out: pyiqa cannot be loaded here" in notes[0]
