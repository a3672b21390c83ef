"""Between code values and film density, where damage and grain add up."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

# BT.1886: what a display makes of a code value.
DISPLAY_GAMMA = 2.4
# Stray light keeps the density of display black finite: 10**-2.6.
FLARE = 0.0025
# Cineon printing density: 0.002 a code of 1023 on a negative of gamma 0.6.
LOG_RANGE = 1023 * 0.002 / 0.6


class Tone(StrEnum):
    """How a plate's code values stand for the density of the positive picture."""

    DISPLAY = "display"
    LOG = "log"


def density_of(pixels: NDArray[np.float32], tone: Tone) -> NDArray[np.float32]:
    """Density of the positive: 0 at white, about 2.6 (display) or 3.4 (log) at black.

    Args:
        pixels: any shape, float32, code values 0 to 1; display values below 0 count as 0.
        tone: the curve.
    """
    if tone is Tone.LOG:
        return np.asarray((1.0 - pixels) * np.float32(LOG_RANGE), np.float32)
    light = np.maximum(pixels, 0) ** np.float32(DISPLAY_GAMMA)
    return np.asarray(-np.log10((light + FLARE) / (1 + FLARE)), np.float32)


def pixels_of(density: NDArray[np.float32], tone: Tone) -> NDArray[np.float32]:
    """Code values float32 of a positive's density; the way back from `density_of`."""
    if tone is Tone.LOG:
        return np.asarray(1.0 - density / np.float32(LOG_RANGE), np.float32)
    light = np.float32(1 + FLARE) * np.float32(10) ** -density - np.float32(FLARE)
    return np.asarray(np.maximum(light, 0) ** np.float32(1 / DISPLAY_GAMMA), np.float32)


def deepest(tone: Tone) -> float:
    """Density of black."""
    return LOG_RANGE if tone is Tone.LOG else float(np.log10((1 + FLARE) / FLARE))
