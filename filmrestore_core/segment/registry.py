"""Who finds the damage: a detector by the name that the settings give."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from filmrestore_core.errors import ModelNotFoundError
from filmrestore_core.models.store import ModelStore
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.fingerprint import runtime_fingerprint
from filmrestore_core.runtime.session import find_device
from filmrestore_core.runtime.shared import shared_session
from filmrestore_core.segment.base import Segmenter
from filmrestore_core.segment.classical import CLASSICAL_JUDGES, ClassicalSegmenter
from filmrestore_core.segment.combined import CombinedSegmenter
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.segment.judge import judges_digest
from filmrestore_core.segment.line_scratch import LINE_NET_JUDGE
from filmrestore_core.segment.mark_net import ExportedMarkNet
from filmrestore_core.segment.verdict import MARK_JUDGES
from filmrestore_core.settings import Detector, DetectSettings

logger = logging.getLogger(__name__)

DEFAULT_NET = "damage-unet"
"""The built-in net that looks for damage where the settings name none."""

MARK_NET = "mark-net"
"""The built-in net that judges marks by how they look."""


@dataclass(frozen=True, slots=True)
class ChosenSegmenter:
    """A detector and what it is.

    Attributes:
        segmenter: the detector.
        identity: name -> value of all that its answers depend on beside window and settings.
    """

    segmenter: Segmenter
    identity: dict[str, str]


def choose_segmenter(
    settings: DetectSettings, *, models: ModelStore, device: Device
) -> ChosenSegmenter | None:
    """The detector that the settings ask for; None where they ask for none.

    Args:
        settings: detector and model.
        models: the shelf.
        device: where a net runs.

    Raises:
        ModelError: the net is not on the shelf, altered, or no detector.
        DeviceError: the device is not there.
    """
    if device is not Device.AUTO:
        # Who names a device that is not there is told so, whatever would run on it.
        find_device(device)
    if settings.detector is Detector.NONE:
        return None
    if settings.detector is Detector.CLASSICAL:
        return _classical(settings)
    name = DEFAULT_NET if settings.model == "auto" else settings.model
    try:
        session = shared_session(models, name, device)
    except ModelNotFoundError:
        if settings.detector is Detector.NET or settings.model != "auto":
            raise
        logger.warning("No net '%s' is on the shelf; the classical detector is used.", name)
        return _classical(settings)
    net = ExportedSegmenter(session, settings)
    identity = runtime_fingerprint(session)
    if settings.detector is Detector.AUTO and CombinedSegmenter.fits(session.card):
        looking = shared_session(models, MARK_NET, device)
        both = CombinedSegmenter(
            net,
            ClassicalSegmenter(settings),
            ExportedMarkNet(looking),
            protection=settings.motion_protection,
        )
        looks = {f"looks.{key}": value for key, value in runtime_fingerprint(looking).items()}
        judges = judges_digest((*CLASSICAL_JUDGES, *MARK_JUDGES, LINE_NET_JUDGE))
        return ChosenSegmenter(
            both, {**identity, **looks, "judges.sha256": judges, "with": "classical"}
        )
    return ChosenSegmenter(net, identity)


def _classical(settings: DetectSettings) -> ChosenSegmenter:
    identity = {"detector": "classical", "judges.sha256": judges_digest(CLASSICAL_JUDGES)}
    return ChosenSegmenter(ClassicalSegmenter(settings), identity)
