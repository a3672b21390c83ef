"""Cue marks: the circles at the end of a reel; they belong to the film and are not damage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.mark import Mark, lay
from filmrestore_core.synth.section import Section


class CueSettings(Section):
    """Changeover marks."""

    every: int = Field(0, ge=0, le=100000, description="A mark starts every so many frames; 0: no.")
    frames: int = Field(4, ge=1, le=24, description="Frames that a mark is on.")


def with_cue_mark(
    pixels: NDArray[np.float32],
    settings: CueSettings,
    frame: FilmFrame,
    tone: Tone,
    *,
    number: int,
) -> NDArray[np.float32]:
    """The picture with its cue mark, if this frame has one: top right, a dark ring or white dot.

    Args:
        pixels: (H, W, C) float32 code values.
        settings: when.
        frame: size of the picture in px and on the film.
        tone: what code values mean.
        number: frame number.
    """
    if settings.every == 0 or number % settings.every >= settings.frames:
        return pixels
    radius = 0.021 * frame.height
    side = int(np.ceil(2 * radius)) + 5
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) - (side - 1) / 2
    distance = np.hypot(rows, columns * np.float32(0.8))
    disc = np.asarray(np.clip(radius - distance + 0.5, 0, 1), np.float32)
    rim = np.asarray(np.clip(1.5 - np.abs(distance - radius), 0, 1), np.float32)
    x = round(0.93 * frame.width - side / 2)
    y = round(0.08 * frame.height - side / 2)
    marks = [
        Mark(DamageClass.OTHER, disc, x, y, (-1.5,)),
        Mark(DamageClass.OTHER, rim, x, y, (1.5,)),
    ]
    return lay(marks, pixels, tone).pixels
