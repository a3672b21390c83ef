"""The store: names, checks, and that nothing is overwritten or half-written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from filmrestore_core.cli.main import run
from filmrestore_core.errors import (
    ModelContractError,
    ModelError,
    ModelIntegrityError,
    ModelNotFoundError,
)
from filmrestore_core.models.card import ModelCard
from filmrestore_core.models.manifest import MANIFEST, read_manifest, write_manifest
from filmrestore_core.models.store import BUILTIN, ModelStore, newest

Cards = Callable[..., ModelCard]
Nets = Callable[..., bytes]


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    (tmp_path / "builtin").mkdir()
    return ModelStore(tmp_path / "mine", builtin=tmp_path / "builtin")


def _lone(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "given.onnx"
    path.write_bytes(content)
    return path


def _mine(store: ModelStore) -> Path:
    assert store.user_folder is not None
    return store.user_folder


def test_the_shelf_of_the_package_is_whole() -> None:
    assert (BUILTIN / MANIFEST).is_file()
    assert [c for c in ModelStore().verify() if c.fault] == []


def test_a_model_is_added_found_and_opened(store: ModelStore, tiny_file: Path) -> None:
    card = store.add(tiny_file)
    model = store.open("tiny-net")
    assert model.card == card == store.open("tiny-net-1.0.0").card
    assert model.content == tiny_file.read_bytes()
    assert model.sha256 == card.sha256
    assert [c.fault for c in store.verify()] == [""]
    assert sorted(os.listdir(_mine(store))) == [MANIFEST, "tiny-net-1.0.0.onnx"]


def test_a_lone_file_is_opened_by_its_path(store: ModelStore, tiny_file: Path) -> None:
    model = store.open(str(tiny_file))
    assert model.card.id == "tiny-net"
    assert model.content == tiny_file.read_bytes()
    with pytest.raises(ModelNotFoundError, match="cannot be read"):
        store.open(str(tiny_file.with_name("gone.onnx")))


def test_the_newest_version_answers_to_the_id(
    store: ModelStore, tmp_path: Path, tiny_onnx: Nets, tiny_card: Cards
) -> None:
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        store.add(_lone(tmp_path, tiny_onnx(tiny_card(version=version))))
    assert store.open("tiny-net").card.version == "1.10.0"
    assert store.open("tiny-net-1.2.0").card.version == "1.2.0"
    assert [c.version for c in store.cards()] == ["1.10.0", "1.9.0", "1.2.0"]
    assert [c.version for c in newest(store.cards())] == ["1.10.0"]


def test_what_is_not_there_is_said_with_what_is(store: ModelStore, tiny_file: Path) -> None:
    with pytest.raises(ModelNotFoundError, match="there are: none"):
        store.open("tiny-net")
    store.add(tiny_file)
    for name in ("other", "tiny-net-2.0.0", "", "../tiny-net"):
        with pytest.raises(ModelNotFoundError, match="there are: tiny-net"):
            store.open(name)
    (_mine(store) / "tiny-net-1.0.0.onnx").unlink()
    with pytest.raises(ModelNotFoundError, match="cannot be read"):
        store.open("tiny-net")


@pytest.mark.parametrize("at", [100, -100])
def test_an_altered_file_is_refused(store: ModelStore, tiny_file: Path, at: int) -> None:
    store.add(tiny_file)
    path = _mine(store) / "tiny-net-1.0.0.onnx"
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelIntegrityError, match="was altered"):
        store.open("tiny-net")
    assert "was altered" in store.verify()[0].fault
    assert run(["models", "verify", "--store", str(_mine(store))]) == 1


def test_a_file_nobody_knows_is_reported(store: ModelStore, tiny_file: Path) -> None:
    store.add(tiny_file)
    (_mine(store) / "stranger.onnx").write_bytes(tiny_file.read_bytes())
    assert [(c.name, bool(c.fault)) for c in store.verify()] == [
        ("tiny-net-1.0.0", False),
        ("stranger.onnx", True),
    ]


def test_nothing_is_overwritten(
    store: ModelStore, tmp_path: Path, tiny_onnx: Nets, tiny_card: Cards
) -> None:
    first = store.add(_lone(tmp_path, tiny_onnx(tiny_card())))
    assert store.add(_lone(tmp_path, tiny_onnx(tiny_card()))) == first
    with pytest.raises(ModelIntegrityError, match="stands for another file already"):
        store.add(_lone(tmp_path, tiny_onnx(tiny_card(), seed=2)))
    assert store.open("tiny-net").card == first
    # Nor may a user's folder give a name of the package's shelf another meaning.
    other = ModelStore(tmp_path / "other", builtin=_mine(store))
    with pytest.raises(ModelIntegrityError):
        other.add(_lone(tmp_path, tiny_onnx(tiny_card(), seed=2)))


def test_external_data_is_refused(store: ModelStore, tmp_path: Path, tiny_file: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "split.onnx"
    onnx.save(
        onnx.load(str(tiny_file)),
        str(path),
        save_as_external_data=True,
        location="split.bin",
        size_threshold=0,
    )
    assert (tmp_path / "split.bin").stat().st_size > 0
    with pytest.raises(ModelIntegrityError, match="in another file"):
        store.add(path)
    assert not _mine(store).exists()


def test_files_without_or_with_a_wrong_card_are_refused(
    store: ModelStore, tmp_path: Path, tiny_onnx: Nets, tiny_card: Cards
) -> None:
    with pytest.raises(ModelContractError, match="carries no card"):
        store.add(_lone(tmp_path, tiny_onnx()))
    with pytest.raises(ModelContractError, match="uses opset 17, its card says 18"):
        store.add(_lone(tmp_path, tiny_onnx(tiny_card(opset=18))))
    with pytest.raises(ModelIntegrityError, match="no whole ONNX file"):
        store.add(_lone(tmp_path, b"a text"))
    with pytest.raises(ModelNotFoundError):
        store.add(tmp_path / "missing.onnx")
    with pytest.raises(ModelError, match="No folder"):
        ModelStore().add(_lone(tmp_path, tiny_onnx(tiny_card())))


def test_manifest_and_file_must_agree(store: ModelStore, tiny_file: Path) -> None:
    card = store.add(tiny_file)
    write_manifest(_mine(store), [card.model_copy(update={"calibration": {"threshold": 0.1}})])
    with pytest.raises(ModelContractError, match="carries another card"):
        store.open("tiny-net")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema: 2\nmodels: []\n", "has schema 2"),
        ("schema: 1\nmodells: []\n", "'modells' is unknown"),
        ("schema: 1\nmodels: 3\n", "must be a list"),
        ("schema: 1\nmodels: [3]\n", "model 1 is no card"),
        ("schema: 1\nmodels:\n- id: a\n", "lacks the key"),
        ("schema: 1\nmodels: [\n", "manifest.yaml"),
    ],
)
def test_a_wrong_manifest_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(ModelContractError) as error:
        read_manifest(tmp_path)
    assert said in str(error.value)


def test_a_failed_write_leaves_what_was(
    store: ModelStore, tiny_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        store.add(tiny_file)
    assert os.listdir(_mine(store)) == []


def test_the_commands(
    tmp_path: Path,
    tiny_file: Path,
    tiny_onnx: Nets,
    tiny_card: Cards,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mine = ["--store", str(tmp_path / "mine")]
    assert run(["models", "add", str(tiny_file), *mine]) == 0
    assert run(["models", "show", "tiny-net", *mine]) == 0
    shown = capsys.readouterr().out
    assert '"multiple_of": 4' in shown
    assert run(["models", "list", "--json", *mine]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert "tiny-net" in [card["id"] for card in listed]
    assert run(["models", "list", *mine]) == 0
    assert run(["models", "verify", *mine]) == 0
    assert run(["models", "show", "nothing", *mine]) == 1
    # The graph has two classes, the card promises one: it must not reach the shelf.
    outputs = [{"name": "damage", "shape": [1, 1, "H", "W"]}]
    liar = tiny_onnx(tiny_card(id="liar", outputs=outputs, classes=["dirt"]))
    assert run(["models", "add", str(_lone(tmp_path, liar)), *mine]) == 1
    assert "its card promises" in capsys.readouterr().err
    assert run(["models", "show", "liar", *mine]) == 1


def test_devices_are_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "devices", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["cpu"] == "Runs on the processor, as asked."
    assert set(said) == {"auto", "cpu", "cuda", "tensorrt", "coreml", "directml"}
    assert said["auto"].startswith("Runs on")
    assert run(["models", "devices"]) == 0
    assert capsys.readouterr().err == ""
