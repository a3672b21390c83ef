"""How far around a frame its result may look."""

from __future__ import annotations

from filmrestore_core.framerange import FrameRange
from filmrestore_core.settings import Detector, RepairMethod, RestoreSettings
from filmrestore_core.temporal.shots import CUT_REACH


def reach_of(settings: RestoreSettings) -> int:
    """Frames on each side that the result for a frame may depend on; the handles of a chunk.

    A neighbour lends its pixels only where it is not damaged itself, so its own window counts
    too: twice the radius, and what the cut test looks at beyond.
    """
    if settings.repair.strength == 0.0 and settings.detect.detector is Detector.NONE:
        return 0
    radius = settings.detect.radius
    borrows = settings.repair.method not in (RepairMethod.SPATIAL, RepairMethod.NONE)
    detects = settings.detect.detector is not Detector.NONE
    reach = radius * (int(borrows) + int(detects))
    return reach + (CUT_REACH if reach and settings.cuts.find else 0)


def frames_needed(number: int, settings: RestoreSettings) -> FrameRange:
    """The frames that the result for `number` may depend on."""
    reach = reach_of(settings)
    return FrameRange.span(number - reach, number + reach)
