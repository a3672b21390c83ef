"""`filmrestore export`, and that a broken command of another package hurts nobody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("safetensors")

from filmrestore_core.cli.further import add_further_commands  # noqa: E402
from filmrestore_core.errors import (  # noqa: E402
    FilmrestoreError,
    ModelContractError,
    SettingsError,
)
from filmrestore_core.learning.nets.build import build_net  # noqa: E402
from filmrestore_core.learning.training.checkpoint import NET_KEY, save_tensors  # noqa: E402
from filmrestore_core.models.card import ModelCard  # noqa: E402
from filmrestore_core.models.store import ModelStore, open_lone  # noqa: E402
from filmrestore_export.checkpoint import complete_card, open_checkpoint  # noqa: E402
from filmrestore_export.command import app  # noqa: E402

ROOT = Path(__file__).parents[3]
SPEC = {"net": "unet", "planes": "t3-v1", "widths": [4, 6, 8]}
CARD = "id: small-net\nversion: 0.1.0\nlicense: Apache-2.0\ntiles: {size: 128, overlap: 32}\n"


def _export(*arguments: object) -> None:
    """The command as typer calls it, its errors left as they are."""
    app([str(a) for a in arguments], standalone_mode=False)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(2)
    path = tmp_path / "best.safetensors"
    save_tensors(path, build_net(dict(SPEC)).state_dict(), {NET_KEY: SPEC})
    (tmp_path / "card.yaml").write_text(CARD, encoding="utf-8")
    return path


def test_a_checkpoint_becomes_a_model_on_a_shelf(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, shelf = tmp_path / "small.onnx", tmp_path / "shelf"
    _export("onnx", checkpoint, "--card", tmp_path / "card.yaml", "--out", out)
    assert "small-net-0.1.0, at most" in capsys.readouterr().out
    card = open_lone(out).card
    assert card.planes == "t3-v1"
    assert card.inputs[0].channels == 14
    assert [c.value for c in card.classes] == ["dirt", "sparkle", "hair", "scratch", "stain"]
    assert (card.temporal.size, card.temporal.center) == (3, 1)
    assert card.origin["net"] == SPEC
    _export("check", out)
    assert "takes every operator" in capsys.readouterr().out
    _export("publish", out, "--store", shelf)
    assert ModelStore(shelf).open("small-net").card.version == "0.1.0"
    half = tmp_path / "half.onnx"
    _export("onnx", "small-net", "--store", shelf, "--precision", "float16", "--out", half)
    assert open_lone(half).card.precision.compute == "float16"
    _export("check", half)
    at_once, card_file = tmp_path / "at-once.onnx", tmp_path / "card.yaml"
    half_at_once = ["--precision", "float16", "--out", at_once]
    _export("onnx", checkpoint, "--card", card_file, *half_at_once)
    assert at_once.read_bytes() == half.read_bytes()


def test_a_refused_variant_leaves_no_file(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "half.onnx"
    half = ["--precision", "float16", "--bound", "1e-9", "--out", out]
    with pytest.raises(ModelContractError, match="float32 and float16 differ"):
        _export("onnx", checkpoint, "--card", tmp_path / "card.yaml", *half)
    assert not out.exists()


def test_wrong_requests_are_sentences(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.onnx"
    with pytest.raises(SettingsError, match="--card"):
        _export("onnx", checkpoint, "--out", out)
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelContractError, match="no checkpoint"):
        open_checkpoint(tmp_path / "bad.safetensors")
    (tmp_path / "card.yaml").write_text("id: a\nversion: 1.0.0\nlicence: x\n", encoding="utf-8")
    with pytest.raises(ModelContractError, match=r"card\.yaml: the card"):
        _export("onnx", checkpoint, "--card", tmp_path / "card.yaml", "--out", out)
    with pytest.raises(SettingsError, match="is ONNX already"):
        _export("onnx", "some-model", "--out", out)
    assert not out.exists()


def test_weights_of_another_net_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    weights: dict[str, Any] = build_net(SPEC | {"widths": [6, 8, 10]}).state_dict()
    save_tensors(path, weights, {NET_KEY: SPEC})
    with pytest.raises(ModelContractError, match="weights of another net"):
        open_checkpoint(path)
    save_tensors(path, weights, {})
    with pytest.raises(ModelContractError, match="does not say what net"):
        open_checkpoint(path)


def test_what_the_author_wrote_goes_first() -> None:
    given = {"id": "a", "version": "1.0.0", "license": "x", "opset": 18, "origin": {"data": "d"}}
    card: ModelCard = complete_card(given, SPEC, where="test")
    assert card.opset == 18
    assert card.origin == {"net": SPEC, "data": "d"}


def _announce(folder: Path, lines: str) -> None:
    info = folder / "another_package-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: another-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[filmrestore.commands]\n{lines}\n")


def _filmrestore(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    paths = [str(folder), str(ROOT), str(ROOT / "exporters")]
    code = (
        f"import sys; sys.path[:0] = {paths!r}\n"
        "from filmrestore_core.cli.main import run\n"
        f"code = run({list(arguments)!r})\n"
        "print([m for m in ('torch', 'onnx', 'onnxruntime') if m in sys.modules])\n"
        "sys.exit(code)"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_announced_commands_are_found_and_broken_ones_say_so(tmp_path: Path) -> None:
    _announce(
        tmp_path,
        "export = filmrestore_export.command:app\n"
        "shattered = no_such_module_at_all:app\n"
        "odd = json:dumps\n"
        "restore = json:dumps",
    )
    done = _filmrestore(tmp_path, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "export" in done.stdout
    # Nothing heavy is loaded for the sake of a help text.
    assert done.stdout.splitlines()[-1] == "[]"
    broken = _filmrestore(tmp_path, "shattered", "--any", "thing")
    assert broken.returncode == 1
    assert "'shattered' of another-package cannot be loaded" in broken.stderr
    assert "Traceback" not in broken.stderr
    assert "no typer.Typer" in _filmrestore(tmp_path, "odd").stderr
    assert "Usage" in _filmrestore(tmp_path, "restore", "--help").stdout


def test_a_broken_command_raises_when_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _announce(tmp_path, "shattered = no_such_module_at_all:app")
    monkeypatch.syspath_prepend(tmp_path)
    own = typer.Typer()
    own.command("mine")(lambda: None)
    add_further_commands(own)
    with pytest.raises(FilmrestoreError, match="shattered"):
        own(["shattered"], standalone_mode=False)
    call: Callable[..., object] = own
    assert call(["mine"], standalone_mode=False) is None
