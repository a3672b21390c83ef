"""Flicker: exposure that changes from frame to frame, in part by place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from filmrestore_core.noise import generator
from filmrestore_core.synth.density import Tone, density_of, pixels_of
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.noise_line import smooth_field
from filmrestore_core.synth.section import Section


class FlickerSettings(Section):
    """Unsteady exposure; the clean pictures of a data set have it too."""

    amount: float = Field(0.0, ge=0, le=1, description="Sigma of the whole frame's density.")
    local: float = Field(0.0, ge=0, le=1, description="Sigma of the part that changes over it.")


def with_flicker(
    pixels: NDArray[np.float32],
    settings: FlickerSettings,
    frame: FilmFrame,
    tone: Tone,
    *,
    seed: int,
    number: int,
) -> NDArray[np.float32]:
    """The picture as unsteadily exposed.

    Args:
        pixels: (H, W, C) float32 code values.
        settings: how much.
        frame: size of the picture in px and on the film.
        tone: what code values mean.
        seed: the recipe's seed.
        number: frame number.
    """
    if settings.amount == 0 and settings.local == 0:
        return pixels
    rng = generator(seed, "flicker", number)
    shift = np.float32(rng.normal(0, 1) * settings.amount)
    field = smooth_field(rng, frame.height, frame.width, 2) * np.float32(settings.local)
    return pixels_of(density_of(pixels, tone) + shift + field[..., None], tone)
