"""Who betters a first fill: nets or a pipeline by the names that the settings give."""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass

from filmrestore_core.errors import MissingExtraError, ModelNotFoundError
from filmrestore_core.inpaint.base import Bettering
from filmrestore_core.inpaint.diffused import DiffusedInpainter
from filmrestore_core.inpaint.exported_net import ExportedInpainter
from filmrestore_core.inpaint.routed import Routed
from filmrestore_core.inpaint.routing import may_want_diffusion, needs_diffusion, wants_net
from filmrestore_core.models.store import ModelStore
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.fingerprint import runtime_fingerprint
from filmrestore_core.runtime.shared import shared_session
from filmrestore_core.settings import (
    DiffusionSettings,
    RepairMethod,
    RepairSettings,
    SamplerSettings,
)

logger = logging.getLogger(__name__)

DEFAULT_NET = "fill-unet"
"""The built-in net that betters fills where the settings name none."""

DEFAULT_DIFFUSION = "fill-diffusion"
"""The built-in net that draws large and unseen holes where the settings name none."""

DIFFUSION = "filmrestore_core.learning.diffusion.inpainter:open_inpainter"
"""Who fills by a pretrained pipeline, imported by name when asked for: the core knows no torch."""


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
    sampler: SamplerSettings | None = None,
    seed: int = 0,
) -> ChosenInpainter | None:
    """The nets or pipeline that the settings ask for; None where they ask for none.

    Args:
        settings: method and model.
        models: the shelf.
        device: where it runs.
        diffusion: of a pretrained pipeline; where one is named it draws all that is left to
            diffusion.
        sampler: of the program's own diffusion net.
        seed: the user's seed.

    Raises:
        ModelError: a net is not on the shelf, altered, or no inpainter.
        SettingsError: the pipeline's folder is not one, or not to be trusted.
        MissingExtraError: a pipeline is asked for and its libraries are not installed.
        DeviceError: the device is not there.
    """
    net = _net(settings, models=models, device=device) if wants_net(settings) else None
    drawing = None
    diffusion = diffusion or DiffusionSettings()
    if diffusion.model and may_want_diffusion(settings):
        drawing = _pipeline(diffusion, seed=seed, device=device)
    elif may_want_diffusion(settings):
        drawing = _drawing(
            sampler or SamplerSettings(),
            models=models,
            device=device,
            seed=seed,
            needed=needs_diffusion(settings),
        )
    if net is None and drawing is None:
        return None
    identity = {
        **(net.identity if net else {}),
        **{f"diffusion {k}": v for k, v in (drawing.identity if drawing else {}).items()},
    }
    # A pipeline of somebody else's starts from the best fill there is.
    own = drawing.inpainter if drawing else None
    after_net = own.after_net if isinstance(own, DiffusedInpainter) else True
    routed = Routed(settings, net.inpainter if net else None, own, after_net=after_net)
    return ChosenInpainter(routed, identity)


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


def _drawing(
    settings: SamplerSettings, *, models: ModelStore, device: Device, seed: int, needed: bool
) -> ChosenInpainter | None:
    """The program's own diffusion net; None where it is neither there nor asked for by name."""
    name = DEFAULT_DIFFUSION if settings.model == "auto" else settings.model
    try:
        session = shared_session(models, name, device)
    except ModelNotFoundError:
        if needed or settings.model != "auto":
            raise
        logger.warning("No net '%s' is on the shelf; large holes are filled without it.", name)
        return None
    inpainter = DiffusedInpainter(session, settings, seed=seed)
    return ChosenInpainter(inpainter, runtime_fingerprint(session))


def _pipeline(settings: DiffusionSettings, *, seed: int, device: Device) -> ChosenInpainter:
    module, _, attribute = DIFFUSION.partition(":")
    try:
        opener = getattr(importlib.import_module(module), attribute)
        made, identity = opener(settings, seed=seed, device=device)
    except ImportError as error:
        raise MissingExtraError(
            f"Filling by diffusion needs what is not installed here ({error.name or error}).",
            hint="pip install 'filmrestore[diffusion]'",
        ) from error
    return ChosenInpainter(made, identity)
