"""Sessions that all who ask for the same model on the same device share."""

from __future__ import annotations

import functools

from filmrestore_core.models.card import ModelCard
from filmrestore_core.models.store import ModelStore
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session


def shared_session(models: ModelStore, name: str, device: Device) -> Session:
    """The session of a model; one for all that ask for the same file on the same device.

    Raises:
        ModelError: as ModelStore.open.
        DeviceError: the device is not there.
    """
    model = models.open(name)
    return _session(model.sha256, _Opened(model.card.model_dump_json(), model.content), device)


class _Opened:
    """A card and bytes that are equal where the key beside them is."""

    def __init__(self, card: str, content: bytes) -> None:
        self.card, self.content = card, content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Opened) and self.card == other.card

    def __hash__(self) -> int:
        return hash(self.card)


@functools.lru_cache(maxsize=8)
def _session(sha256: str, opened: _Opened, device: Device) -> Session:
    card = ModelCard.model_validate_json(opened.card)
    return Session(card, opened.content, device=device, threads=1)
