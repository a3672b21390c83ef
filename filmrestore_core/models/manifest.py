"""manifest.yaml: the list of a store's models, one card each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from filmrestore_core.errors import ModelContractError, SettingsError
from filmrestore_core.models.card import ModelCard
from filmrestore_core.models.whole_file import write_whole
from filmrestore_core.yamlfile import read_yaml, write_yaml

MANIFEST = "manifest.yaml"
SCHEMA = 1


def read_manifest(folder: Path) -> tuple[ModelCard, ...]:
    """The cards of a store's folder, in their order; none where there is no manifest.

    Raises:
        ModelContractError: the manifest or one of its cards is wrong; the place is named.
    """
    path = folder / MANIFEST
    if not path.exists():
        return ()
    try:
        values = read_yaml(path).values
    except SettingsError as error:
        raise ModelContractError(str(error), path=path) from error
    unknown = sorted(set(map(str, values)) - {"schema", "models"})
    if unknown:
        raise ModelContractError(f"{path}: the key '{unknown[0]}' is unknown.", path=path)
    if values.get("schema") != SCHEMA:
        raise ModelContractError(
            f"{path} has schema {values.get('schema')!r}, this filmrestore reads {SCHEMA}.",
            path=path,
        )
    listed = values.get("models") or []
    if not isinstance(listed, list):
        raise ModelContractError(f"{path}: 'models' must be a list of cards.", path=path)
    cards: dict[str, ModelCard] = {}
    for at, entry in enumerate(listed, 1):
        where = f"{path}, model {at}"
        if not isinstance(entry, dict):
            raise ModelContractError(f"{where} is no card.", path=path)
        card = ModelCard.of(entry, where=where)
        if card.file is None:
            raise ModelContractError(f"{where}: the card lacks 'file' and 'sha256'.", path=path)
        if card.name in cards:
            raise ModelContractError(f"{where}: '{card.name}' stands there twice.", path=path)
        cards[card.name] = card
    return tuple(cards.values())


def write_manifest(folder: Path, cards: Sequence[ModelCard]) -> None:
    """Write a store's manifest, whole or not at all.

    Raises:
        OSError: it cannot be written; an older manifest stays.
    """
    values = {"schema": SCHEMA, "models": [card.values() for card in cards]}
    write_whole(folder / MANIFEST, write_yaml(values).encode("utf-8"))
