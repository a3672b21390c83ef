"""ModelStore: name -> model, with its bytes checked against what was published."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filmrestore_core.errors import (
    ModelContractError,
    ModelError,
    ModelIntegrityError,
    ModelNotFoundError,
)
from filmrestore_core.models.card import CARD_KEY, ID_PATTERN, VERSION_PATTERN, ModelCard
from filmrestore_core.models.manifest import read_manifest, write_manifest
from filmrestore_core.models.onnx_scan import scan_onnx
from filmrestore_core.models.whole_file import write_whole

BUILTIN = Path(__file__).parent / "builtin"
"""The weights that come with the package."""

LARGEST_BYTES = 2_000_000_000
"""More than protocol buffers hold."""

_NAME = re.compile(f"^({ID_PATTERN})-({VERSION_PATTERN})$")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Model:
    """A model whose bytes have been checked.

    Attributes:
        card: its card.
        path: where the file lies.
        content: the file's bytes, those that were checked: give these to the runtime.
        sha256: their digest.
    """

    card: ModelCard
    path: Path
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What `ModelStore.verify` found of one file.

    Attributes:
        name: the model's name, or the file's where no card names it.
        folder: the store's folder.
        fault: what is wrong; empty where nothing is.
    """

    name: str
    folder: Path
    fault: str


class ModelStore:
    """Models by name, from folders that each hold a manifest.yaml and ONNX files.

    The folder inside the package always takes part and is never written to, but by an exporter
    that is given it as the user's folder.
    """

    def __init__(self, user_folder: Path | None = None, *, builtin: Path = BUILTIN) -> None:
        """Name the folders; nothing is read yet.

        Args:
            user_folder: a further store, where `add` writes; it need not exist yet.
            builtin: the store that comes with the package.
        """
        self.user_folder = user_folder
        folders = [builtin] if user_folder is None else [user_folder, builtin]
        self.folders: tuple[Path, ...] = tuple(dict.fromkeys(folders))

    def cards(self) -> tuple[ModelCard, ...]:
        """All models' cards, by id, the newest version of each first.

        Raises:
            ModelError: a manifest is wrong, or two folders mean different files by one name.
        """
        return tuple(card for card, _ in self._listed())

    def card(self, name: str) -> ModelCard:
        """The card of a model.

        Args:
            name: an id, which means its newest version, or id-version.

        Raises:
            ModelNotFoundError: there is none.
        """
        return self._find(name)[0]

    def open(self, name: str) -> Model:
        """Read a model and check that it is what was published.

        Args:
            name: an id, which means its newest version, or id-version, or the path of a lone
                .onnx file that carries its card.

        Raises:
            ModelNotFoundError: no such model, or its file is gone.
            ModelIntegrityError: the bytes are others, or part of them lies in another file.
            ModelContractError: the card in the file is not the one in the manifest, or a lone
                file carries none.
        """
        if name.lower().endswith(".onnx"):
            return open_lone(Path(name).expanduser())
        card, folder = self._find(name)
        path = folder / str(card.file)
        content = _read(path)
        digest = hashlib.sha256(content).hexdigest()
        if digest != card.sha256:
            raise ModelIntegrityError(
                f"{path} was altered: its sha256 is {digest[:12]}..., the manifest says "
                f"{str(card.sha256)[:12]}....",
                path=path,
                hint="get the file again, or give the new one a new version",
            )
        own = _own_card(content, path)
        if own is not None and own != card.lone():
            raise ModelContractError(
                f"{path} carries another card than its manifest has for '{card.name}'.", path=path
            )
        return Model(card, path, content, digest)

    def add(self, file: Path) -> ModelCard:
        """Take a lone model file, which must carry its card, into the user's folder.

        A file that is there already, byte for byte, is left as it is.

        Raises:
            ModelIntegrityError: the file is not whole in itself, or the name stands for another
                file already.
            ModelContractError: it carries no card or a wrong one.
            ModelError: there is no user's folder.
            OSError: it cannot be written; nothing half-written stays.
        """
        if self.user_folder is None:
            raise ModelError("No folder was named that models can be added to.", path=file)
        model = open_lone(file)
        for known, _ in self._listed():
            if known.name != model.card.name:
                continue
            if known.sha256 == model.sha256:
                return known
            raise ModelIntegrityError(
                f"{file} calls itself '{known.name}', which stands for another file already.",
                path=file,
                hint="a new file needs a new version",
            )
        self.user_folder.mkdir(parents=True, exist_ok=True)
        # The file first: a stop between the two leaves one that nobody knows, not a hole.
        write_whole(self.user_folder / str(model.card.file), model.content)
        write_manifest(self.user_folder, [*read_manifest(self.user_folder), model.card])
        return model.card

    def verify(self, name: str | None = None) -> tuple[Checked, ...]:
        """Check one model, or all, and that no folder holds an ONNX file nobody knows.

        Raises:
            ModelError: a manifest is wrong, or `name` is unknown.
        """
        if name is not None:
            card, folder = self._find(name)
            return (self._check(card, folder),)
        found = [self._check(card, folder) for card, folder in self._listed()]
        for folder in self.folders:
            known = {card.file for card in read_manifest(folder)}
            for path in sorted(folder.glob("*.onnx")):
                if path.name not in known:
                    found.append(Checked(path.name, folder, "no manifest knows this file"))
        return tuple(found)

    def _check(self, card: ModelCard, folder: Path) -> Checked:
        try:
            self.open(card.name)
        except ModelError as error:
            return Checked(card.name, folder, str(error))
        return Checked(card.name, folder, "")

    def _find(self, name: str) -> tuple[ModelCard, Path]:
        listed = self._listed()
        asked = _NAME.match(name)
        for card, folder in listed:
            if name == card.name if asked else name == card.id:
                return card, folder
        known = ", ".join(dict.fromkeys(card.id for card, _ in listed)) or "none"
        raise ModelNotFoundError(f"There is no model '{name}'.", hint=f"there are: {known}")

    def _listed(self) -> list[tuple[ModelCard, Path]]:
        found: dict[str, tuple[ModelCard, Path]] = {}
        for folder in self.folders:
            for card in read_manifest(folder):
                other = found.setdefault(card.name, (card, folder))
                if other[0].sha256 != card.sha256:
                    raise ModelIntegrityError(
                        f"'{card.name}' means one file in {other[1]} and another in {folder}.",
                        hint="a new file needs a new version",
                    )
        newest_first = sorted(found.values(), key=lambda e: e[0].version_numbers, reverse=True)
        return sorted(newest_first, key=lambda e: e[0].id)


def open_lone(file: Path, card: ModelCard | None = None) -> Model:
    """A model file that stands in no store, by the card it carries.

    Args:
        file: an ONNX file.
        card: what it must be; None takes its word for it.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelIntegrityError: it is no ONNX file, not whole, or keeps data in another file.
        ModelContractError: it carries no card, a wrong one, or another.
    """
    content = _read(file)
    own = _own_card(content, file)
    if own is None:
        raise ModelContractError(
            f"{file} carries no card (metadata key '{CARD_KEY}').",
            path=file,
            hint="'filmrestore export' writes files that do",
        )
    if card is not None and own != card.lone():
        raise ModelContractError(f"{file} is '{own.name}' by its own card.", path=file)
    digest = hashlib.sha256(content).hexdigest()
    listed = own.model_copy(update={"file": f"{own.name}.onnx", "sha256": digest})
    return Model(listed, file, content, digest)


def default_user_folder() -> Path:
    """Where this system keeps a user's data, and there the user's own models."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    return base / "filmrestore" / "models"


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ModelIntegrityError(f"{path} is too large for an ONNX file.", path=path)
        return path.read_bytes()
    except OSError as error:
        raise ModelNotFoundError(f"{path} cannot be read: {error.strerror}.", path=path) from error


def _own_card(content: bytes, path: Path) -> ModelCard | None:
    """The card in a file, and the proof that the file is whole in itself."""
    facts = scan_onnx(content, where=str(path))
    if facts.external:
        raise ModelIntegrityError(
            f"{path} keeps part of its weights in another file, which cannot be checked.",
            path=path,
            hint="save it without external data",
        )
    text = facts.metadata.get(CARD_KEY)
    if text is None:
        return None
    card = ModelCard.from_json(text, where=f"the card in {path}")
    if card.file is not None:
        raise ModelContractError(f"The card in {path} names a file, though it is in one.")
    if facts.opsets.get("", 0) != card.opset:
        raise ModelContractError(
            f"{path} uses opset {facts.opsets.get('', 0)}, its card says {card.opset}.", path=path
        )
    return card


def newest(cards: Sequence[ModelCard]) -> tuple[ModelCard, ...]:
    """The newest version of each id, in the order given by `ModelStore.cards`."""
    found: dict[str, ModelCard] = {}
    for card in cards:
        found.setdefault(card.id, card)
    return tuple(found.values())
