"""A diffusion net from its checkpoint onto a shelf, and a film restored with it, without torch."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("safetensors")

from filmrestore_core.cli.main import run  # noqa: E402
from filmrestore_core.learning.nets.build import build_net  # noqa: E402
from filmrestore_core.learning.training.checkpoint import NET_KEY, save_tensors  # noqa: E402
from filmrestore_core.media.image_file import read_image, write_new  # noqa: E402
from filmrestore_core.models.store import ModelStore, open_lone  # noqa: E402
from filmrestore_core.testing.scenes import code_frame, moving_scene  # noqa: E402
from filmrestore_export.command import app  # noqa: E402
from filmrestore_export.operators import check_operators  # noqa: E402

NUMBERS = range(1001, 1006)
DONE = range(1002, 1005)
HEIGHT, WIDTH = 88, 112
BLOT = (slice(30, 54), slice(40, 64))  # on one frame only, 576 px
LINE = (slice(0, HEIGHT), slice(90, 94))  # stands on every frame: no neighbour shows it
SPECK = (slice(8, 12), slice(10, 14))
SET = ("sampler.steps=2", "detect.radius=1", "detect.detector=none")
QUICK = (*(text for change in SET for text in ("--set", change)), "--workers", "1")
OWN = ("--set", "repair.method=diffusion")


def _checkpoint(folder: Path, neighbors: str) -> Path:
    torch.manual_seed(4)
    spec = {
        "net": "diffusing-unet",
        "planes": "diffuse-t5-v1",
        "widths": [4, 4, 4, 4],
        "neighbors": neighbors,
        "memory": 4,
        "steer": 4,
    }
    net: Any = build_net(spec)
    # The last layer begins at zero: let it say something.
    torch.nn.init.normal_(net.leave.weight, std=0.1)
    path = folder / "best.safetensors"
    save_tensors(path, net.state_dict(), {NET_KEY: spec})
    card = "id: fill-diffusion\nversion: 0.0.1\nlicense: Apache-2.0\n"
    (folder / "card.yaml").write_text(card, encoding="utf-8")
    return path


def _published(folder: Path, neighbors: str) -> Path:
    checkpoint, shelf = _checkpoint(folder, neighbors), folder / "shelf"
    given = ["onnx", checkpoint, "--card", folder / "card.yaml", "--out", folder / "net.onnx"]
    app([str(a) for a in (*given, "--publish", shelf)], standalone_mode=False)
    return shelf


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _published(tmp_path_factory.mktemp("net"), "channels")


@pytest.mark.parametrize("neighbors", ["channels", "attention"])
def test_both_ways_of_bias_are_exported_at_every_size(neighbors: str, tmp_path: Path) -> None:
    model = ModelStore(_published(tmp_path, neighbors)).open("fill-diffusion")
    card = model.card
    assert (card.planes, card.inputs[0].channels, card.outputs[0].name) == (
        *("diffuse-t5-v1", 33),
        "residual",
    )
    assert (card.size.multiple_of, card.size.minimum) == (16, 64)
    assert (card.temporal.size, card.temporal.center) == (5, 2)
    parity: Any = card.metrics["parity"]
    assert parity["largest"] < 2e-5
    assert len(parity["sizes"]) == 3
    report = check_operators(open_lone(tmp_path / "net.onnx").content)
    assert report.fits, report.faults


def _holes(number: int) -> NDArray[np.bool_]:
    holes = np.zeros((HEIGHT, WIDTH), np.bool_)
    holes[LINE] = True
    if number == 1003:
        holes[BLOT] = holes[SPECK] = True
    return holes


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the damaged film and its mattes."""
    root = tmp_path_factory.mktemp("film")
    scene = moving_scene(NUMBERS, height=HEIGHT, width=WIDTH, channels=3, specks=0, seed=8)
    for name in ("film", "mattes"):
        (root / name).mkdir()
    for number in NUMBERS:
        picture = scene.clean[number].copy()
        picture[_holes(number)] = 0.03
        write_new(root / f"film/reel.{number}.dpx", code_frame(number, picture))
        matte = _holes(number).astype(np.float32)[..., None]
        write_new(root / f"mattes/matte.{number}.png", code_frame(number, matte, bits=8))
    return root


def _arguments(film: Path, shelf: Path, out: Path, *more: object) -> list[str]:
    matte = film / "mattes" / "matte.####.png"
    given = ["restore", film / "film", f"{out}/", "--matte", matte, "--models", shelf]
    return [str(a) for a in (*given, *QUICK, *more)]


def _restored(film: Path, shelf: Path, out: Path, *more: object) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run(_arguments(film, shelf, out, *more))
    return code, said.getvalue()


def _picture(folder: Path, number: int) -> NDArray[np.float64]:
    part = read_image(folder / f"reel.{number}.dpx", number).parts[0]
    return np.stack([part.planes[c] for c in "RGB"], -1) / 1023.0


@pytest.fixture(scope="module")
def whole(film: Path, shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Restored in a process of its own that must not load what learns."""
    out = tmp_path_factory.mktemp("whole")
    watched = (
        "import sys\n"
        "for name in ('torch', 'diffusers', 'onnx', 'safetensors'): sys.modules[name] = None\n"
        "from filmrestore_core.cli.main import run\n"
        "sys.exit(run(sys.argv[1:]))"
    )
    more = ("--report", out / "report.json", "--frames", "1002-1004")
    given = _arguments(film, shelf, out / "out", *OWN, *more)
    done = subprocess.run(
        [sys.executable, "-c", watched, *given], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out


def test_holes_are_drawn_and_all_else_keeps_its_bits(whole: Path, film: Path) -> None:
    for number in DONE:
        before, after = _picture(film / "film", number), _picture(whole / "out", number)
        holes = _holes(number)
        assert np.array_equal(before[~holes], after[~holes])
        assert (before[holes] != after[holes]).any(axis=-1).mean() > 0.9


def test_the_report_says_what_each_hole_cost(whole: Path) -> None:
    found = json.loads((whole / "report.json").read_text("utf-8"))
    frames = {f["frame"]: f for f in found["frames"]}
    line, blot, speck = HEIGHT * 4, 24 * 24, 16
    assert frames[1002]["methods_px"] == {"diffusion": line}
    assert frames[1003]["methods_px"] == {"diffusion": line + blot + speck}
    # It was not trained on what the filling net makes: that one has nothing to do.
    assert list(frames[1003]["costs"]) == ["first fill", "diffusion"]
    cost = frames[1003]["costs"]["diffusion"]
    assert (cost["holes"], cost["px"]) == (3, line + blot + speck)
    assert cost["tiles_px"] >= 3 * 64 * 64
    assert cost["seconds_per_hole"] == pytest.approx(cost["seconds"] / 3, abs=1e-4)
    total = found["totals"]["costs"]["diffusion"]
    assert total["holes"] == 5
    assert "What repairs cost" in (whole / "report.html").read_text("utf-8")


def test_a_frame_alone_is_the_frame_of_the_range(
    whole: Path, film: Path, shelf: Path, tmp_path: Path
) -> None:
    for number in (1003, 1004):
        code, said = _restored(film, shelf, tmp_path, *OWN, "--frames", number)
        assert code == 0, said
        alone, within = (f / f"reel.{number}.dpx" for f in (tmp_path, whole / "out"))
        assert alone.read_bytes() == within.read_bytes()


def test_size_sight_and_class_decide_whose_a_hole_is(
    film: Path, shelf: Path, tmp_path: Path
) -> None:
    def methods(*changes: str) -> dict[str, int]:
        report = tmp_path / "report.json"
        settings = [text for c in changes for text in ("--set", c)]
        more = ("--frames", "1003", "--report", report, *settings)
        code, said = _restored(film, shelf, tmp_path / "out", *more)
        assert code == 0, said
        found: dict[str, int] = json.loads(report.read_text("utf-8"))["frames"][0]["methods_px"]
        return found

    line, blot, speck = HEIGHT * 4, 24 * 24, 16
    assert methods("repair.large_from=500", "repair.unseen_from=") == {
        "net": speck + line,
        "diffusion": blot,
    }
    assert methods("repair.large_from=", "repair.unseen_from=0.5") == {
        "net": speck + blot,
        "diffusion": line,
    }
    assert methods("repair.method=net") == {"net": speck + blot + line}


def test_a_net_that_is_asked_for_and_lacks_is_said(film: Path, tmp_path: Path) -> None:
    more = ("--set", "sampler.model=no-such-net")
    code, said = _restored(film, tmp_path / "empty", tmp_path / "out", *OWN, *more)
    assert code == 1, said
    assert "no-such-net" in said
    assert "Traceback" not in said
