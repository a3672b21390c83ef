"""Who betters a first fill: a net by the name that the settings give."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from filmrestore_core.errors import ModelNotFoundError
from filmrestore_core.inpaint.exported_net import ExportedInpainter
from filmrestore_core.models.store import ModelStore
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.fingerprint import runtime_fingerprint
from filmrestore_core.runtime.shared import shared_session
from filmrestore_core.settings import RepairMethod, RepairSettings

logger = logging.getLogger(__name__)

DEFAULT_NET = "fill-unet"
"""The built-in net that betters fills where the settings name none."""


@dataclass(frozen=True, slots=True)
class ChosenInpainter:
    """A filling net and what it is.

    Attributes:
        inpainter: the net.
        identity: name -> value of all that its answers depend on beside its input.
    """

    inpainter: ExportedInpainter
    identity: dict[str, str]


def choose_inpainter(
    settings: RepairSettings, *, models: ModelStore, device: Device
) -> ChosenInpainter | None:
    """The net that the settings ask for; None where they ask for none.

    Args:
        settings: method and model.
        models: the shelf.
        device: where the net runs.

    Raises:
        ModelError: the net is not on the shelf, altered, or no inpainter.
        DeviceError: the device is not there.
    """
    if settings.method not in (RepairMethod.AUTO, RepairMethod.NET):
        return None
    name = DEFAULT_NET if settings.model == "auto" else settings.model
    try:
        session = shared_session(models, name, device)
    except ModelNotFoundError:
        if settings.method is RepairMethod.NET or settings.model != "auto":
            raise
        logger.warning("No net '%s' is on the shelf; the classical fill is used.", name)
        return None
    return ChosenInpainter(ExportedInpainter(session), runtime_fingerprint(session))
