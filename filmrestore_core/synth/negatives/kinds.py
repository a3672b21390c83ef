"""NegativeKind: all hard negatives by name."""

from __future__ import annotations

from enum import StrEnum


class NegativeKind(StrEnum):
    """What looks like damage and is none."""

    RAIN = "rain"
    SNOW = "snow"
    SPARKS = "sparks"
    SPRAY = "spray"
    CONFETTI = "confetti"
    FLASHES = "flashes"
    TEXT = "text"
    BALLS = "balls"
    WINGS = "wings"
    OCCLUSION = "occlusion"
    WHIP_PAN = "whip-pan"
    CUT = "cut"
    NOISE_BURST = "noise-burst"
    REPEATS = "repeats"
    LOCAL_FLICKER = "local-flicker"
    EXPOSURE_FLASH = "exposure-flash"
    BLOCKS = "blocks"

    @property
    def after_grain(self) -> bool:
        """True for what happens to a copy, grain included; the others happen before the camera."""
        return self in _TO_A_COPY


_TO_A_COPY = frozenset({NegativeKind.NOISE_BURST, NegativeKind.REPEATS, NegativeKind.BLOCKS})
