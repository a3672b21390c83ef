"""A file with its card onto a store's shelf."""

from __future__ import annotations

from pathlib import Path

from filmrestore_core.models.card import ModelCard
from filmrestore_core.models.store import BUILTIN, ModelStore, open_lone
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session


def publish(file: Path, folder: Path, *, builtin: Path = BUILTIN) -> ModelCard:
    """Copy a model into a store and write its line into the manifest.

    Args:
        file: an ONNX file that carries its card.
        folder: the store; made where it is not there yet.
        builtin: the package's own store, whose names must not be used for other files.

    Returns:
        The card as it stands in the manifest.

    Raises:
        ModelError: the file is not what its card says, or its name stands for another file.
        OSError: it cannot be written.
    """
    model = open_lone(file)
    Session(model.card, model.content, device=Device.CPU)
    return ModelStore(folder, builtin=builtin).add(file)
