"""Film grain: in density, stronger where denser, correlated over pixels and between layers."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from filmrestore_core.noise import generator
from filmrestore_core.synth.density import Tone, density_of, pixels_of
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.section import Section

# RMS granularity is measured through a round hole of this diameter at a density of 1.
APERTURE_UM = 48.0
# Density noise of the negative grows by the print's gamma.
PRINT_GAMMA = 1.5
# Below this sigma (px) a Gaussian changes nothing that matters.
_SMALLEST_BLUR = 0.15


class Stock(StrEnum):
    """Kinds of film by their grain."""

    NONE = "none"
    FINE = "fine"  # modern slow color negative
    MEDIUM = "medium"  # modern fast color negative, fine black-and-white
    COARSE = "coarse"  # fast black-and-white
    OLD = "old"  # early and amateur stocks, pushed

    @property
    def granularity(self) -> float:
        """RMS granularity in thousandths of density."""
        return {"none": 0.0, "fine": 4.0, "medium": 7.0, "coarse": 12.0, "old": 18.0}[self.value]


class GrainSettings(Section):
    """Grain put on clean pictures; the clean pictures of a data set carry it too."""

    stock: Stock = Field(Stock.NONE, description="How coarse the film is.")
    amount: float = Field(1.0, ge=0, le=10, description="Factor on the stock's grain.")
    size: float = Field(
        9.0, ge=0, le=200, description="Blur of the grain by lens and scanner, micron on the film."
    )
    shared: float = Field(
        0.5, ge=0, le=1, description="Share of the grain's power that all layers have in common."
    )


def grain_sigma(settings: GrainSettings, frame: FilmFrame) -> float:
    """Standard deviation of density in one pixel of the positive at density 1, before the blur.

    Selwyn's law: sigma times the root of the area is constant.
    """
    area = np.pi / 4 * APERTURE_UM**2
    sigma = settings.stock.granularity / 1000 * settings.amount * PRINT_GAMMA
    return float(sigma * np.sqrt(area) / frame.um_per_px)


def with_grain(
    pixels: NDArray[np.float32],
    settings: GrainSettings,
    frame: FilmFrame,
    tone: Tone,
    *,
    seed: int,
    number: int,
) -> NDArray[np.float32]:
    """The picture with grain, new on every frame.

    Args:
        pixels: (H, W, C) float32 code values.
        settings: stock and size.
        frame: size of the picture in px and on the film.
        tone: what code values mean.
        seed: the recipe's seed.
        number: frame number.
    """
    import cv2

    sigma = grain_sigma(settings, frame)
    if sigma == 0:
        return pixels
    height, width, channels = pixels.shape
    rng = generator(seed, "grain", number)
    layers = rng.standard_normal((height, width, channels), dtype=np.float32)
    if channels > 1:
        common = rng.standard_normal((height, width, 1), dtype=np.float32)
        layers = (
            np.float32(np.sqrt(settings.shared)) * common
            + np.float32(np.sqrt(1 - settings.shared)) * layers
        )
    blur = settings.size / 2 / frame.um_per_px
    if blur > _SMALLEST_BLUR:
        soft = cv2.GaussianBlur(layers, (0, 0), blur)
        layers = np.asarray(soft, np.float32).reshape(pixels.shape)
    density = density_of(pixels, tone)
    strength = np.float32(sigma) * np.sqrt(np.maximum(density, 0) + np.float32(0.06))
    return pixels_of(density + strength * layers, tone)
