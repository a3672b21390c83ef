"""Gate weave: the picture does not stand still."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from filmrestore_core.noise import generator
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.noise_line import smooth_line
from filmrestore_core.synth.section import Section


class WeaveSettings(Section):
    """Unsteadiness; the clean pictures of a data set have it too."""

    amount: float = Field(0.0, ge=0, le=500, description="Sigma of the shift, micron on the film.")
    jitter: float = Field(
        0.4, ge=0, le=1, description="Share of it that is new on each frame; the rest drifts."
    )


def weave_shift(
    settings: WeaveSettings, frame: FilmFrame, *, seed: int, number: int
) -> tuple[float, float]:
    """How far frame `number` is moved right and down, px."""
    jerk = generator(seed, "weave", number).normal(0, 1, 2) * settings.jitter
    at = np.array([float(number)])
    drift = np.array([smooth_line(seed, ("weave drift", axis), at, 7.0)[0] for axis in ("x", "y")])
    # Uniform -1..1 noise has a sigma of about 0.5.
    shift = frame.px(settings.amount) * (jerk + 2 * drift * (1 - settings.jitter))
    return float(shift[0]), float(shift[1])


def with_weave(
    pixels: NDArray[np.float32],
    settings: WeaveSettings,
    frame: FilmFrame,
    *,
    seed: int,
    number: int,
) -> NDArray[np.float32]:
    """The picture moved by its share of weave; its border is mirrored.

    Args:
        pixels: (H, W, C) float32 code values.
        settings: how much.
        frame: size of the picture in px and on the film.
        seed: the recipe's seed.
        number: frame number.
    """
    import cv2

    if settings.amount == 0:
        return pixels
    dx, dy = weave_shift(settings, frame, seed=seed, number=number)
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    moved = cv2.warpAffine(
        pixels,
        matrix,
        (frame.width, frame.height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(moved.reshape(pixels.shape), np.float32)
