"""Who betters a first fill: a net or a pipeline by the name that the settings give."""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass

from filmrestore_core.errors import MissingExtraError, ModelNotFoundError
from filmrestore_core.inpaint.base import Bettering
from filmrestore_core.inpaint.exported_net import ExportedInpainter
from filmrestore_core.inpaint.in_turn import InTurn
from filmrestore_core.models.store import ModelStore
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.fingerprint import runtime_fingerprint
from filmrestore_core.runtime.shared import shared_session
from filmrestore_core.settings import DiffusionSettings, RepairMethod, RepairSettings

logger = logging.getLogger(__name__)

DEFAULT_NET = "fill-unet"
"""The built-in net that betters fills where the settings name none."""


DIFFUSION = "filmrestore_core.learning.diffusion.inpainter:open_inpainter"
"""Who fills by diffusion, imported by name when it is asked for: the core knows no torch."""


@dataclass(frozen=True, slots=True)
class ChosenInpainter:
    """Who betters fills, and what it is.

    Attributes:
        inpainter: the net or pipeline.
        identity: name -> value of all that its answers depend on beside its input.
    """

    inpainter: Bettering
    identity: dict[str, str]


def choose_inpainter(
    settings: RepairSettings,
    *,
    models: ModelStore,
    device: Device,
    diffusion: DiffusionSettings | None = None,
    seed: int = 0,
) -> ChosenInpainter | None:
    """The net or pipeline that the settings ask for; None where they ask for none.

    Args:
        settings: method and model.
        models: the shelf.
        device: where it runs.
        diffusion: of the pipeline, where the method asks for one.
        seed: the user's seed.

    Raises:
        ModelError: the net is not on the shelf, altered, or no inpainter.
        SettingsError: the pipeline's folder is not one, or not to be trusted.
        MissingExtraError: a pipeline is asked for and its libraries are not installed.
        DeviceError: the device is not there.
    """
    if settings.method is RepairMethod.DIFFUSION:
        before = _net(settings, models=models, device=device)
        return _with_diffusion(before, diffusion or DiffusionSettings(), seed=seed, device=device)
    if settings.method not in (RepairMethod.AUTO, RepairMethod.NET):
        return None
    return _net(settings, models=models, device=device)


def _net(settings: RepairSettings, *, models: ModelStore, device: Device) -> ChosenInpainter | None:
    name = DEFAULT_NET if settings.model == "auto" else settings.model
    try:
        session = shared_session(models, name, device)
    except ModelNotFoundError:
        if settings.method is RepairMethod.NET or settings.model != "auto":
            raise
        logger.warning("No net '%s' is on the shelf; the classical fill is used.", name)
        return None
    return ChosenInpainter(ExportedInpainter(session), runtime_fingerprint(session))


def _with_diffusion(
    before: ChosenInpainter | None, settings: DiffusionSettings, *, seed: int, device: Device
) -> ChosenInpainter:
    """The pipeline, after the net that betters what is left to it."""
    module, _, attribute = DIFFUSION.partition(":")
    try:
        opener = getattr(importlib.import_module(module), attribute)
        made, identity = opener(settings, seed=seed, device=device)
    except ImportError as error:
        raise MissingExtraError(
            f"Filling by diffusion needs what is not installed here ({error.name or error}).",
            hint="pip install 'filmrestore[diffusion]'",
        ) from error
    identity = {f"diffusion {name}": value for name, value in identity.items()}
    if before is None:
        return ChosenInpainter(made, identity)
    return ChosenInpainter(InTurn(before.inpainter, made), before.identity | identity)
