"""Conditions: how a clip would look, had it been filmed, copied and stored in another way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import luma_of
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.gauge import FilmFrame, Gauge
from filmrestore_core.synth.generation import GenerationSettings, copied
from filmrestore_core.synth.grain import GrainSettings, Stock, grain_sigma, with_grain

Picture = NDArray[np.float32]

_GRAIN = (0.0, 0.01, 0.02, 0.03, 0.04)
# Faster motion is had by leaving frames out.
_STRIDES = (1, 1, 1, 2, 3)
# At mid grey a step of density is so many code values: derivative of BT.1886 there, times the
# root of the density, with which grain grows.
_GRAIN_AT_GREY = 0.42


@dataclass(frozen=True, slots=True)
class Conditions:
    """One look.

    Attributes:
        stride: which frames are taken: every one, every second ...
        grain: standard deviation of the grain at mid grey, code values 0 to 1.
        grain_blur: sigma of the grain's softness, px.
        monochrome: whether only the luma is kept.
        blur: sigma of the picture's softness before the grain, px.
        weave: standard deviation of each frame's shift, px.
        flicker: standard deviation of each frame's gain.
        gamma: exponent on code values.
        jpeg: quality of a lossy copy after grain and damage; 0 for none.
    """

    stride: int = 1
    grain: float = 0.0
    grain_blur: float = 0.6
    monochrome: bool = False
    blur: float = 0.0
    weave: float = 0.0
    flicker: float = 0.0
    gamma: float = 1.0
    jpeg: int = 0


def draw_conditions(rng: np.random.Generator, *, plain: bool) -> Conditions:
    """A look at random; a plain one has nothing but grain and color chosen."""

    def sometimes(low: float, high: float, otherwise: float, often: float = 0.3) -> float:
        drawn, value = rng.random() < often, rng.uniform(low, high)
        return float(value) if drawn and not plain else otherwise

    return Conditions(
        stride=1 if plain else int(rng.choice(_STRIDES)),
        grain=float(rng.choice(_GRAIN)),
        grain_blur=float(rng.uniform(0.4, 0.9)),
        monochrome=bool(rng.random() < 0.4),
        blur=sometimes(0.5, 1.4, 0.0),
        weave=sometimes(0.3, 2.5, 0.0),
        flicker=sometimes(0.02, 0.06, 0.0),
        gamma=sometimes(0.6, 1.5, 1.0),
        jpeg=int(sometimes(45, 95, 0, often=0.4)),
    )


def filmed(picture: Picture, conditions: Conditions, rng: np.random.Generator) -> Picture:
    """One frame before grain: softness, weave, flicker, gamma and color.

    Args:
        picture: (H, W, 3) float32 code values.
        conditions: the look.
        rng: of this frame alone.
    """
    import cv2

    height, width = picture.shape[:2]
    if conditions.blur:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), conditions.blur), np.float32)
    if conditions.weave:
        right, down = rng.normal(0.0, conditions.weave, 2)
        picture = np.asarray(
            cv2.warpAffine(
                picture,
                np.asarray([[1, 0, right], [0, 1, down]]),
                (width, height),
                flags=cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_REFLECT_101,
            ),
            np.float32,
        )
    gain = 1.0 + rng.normal(0.0, 1.0) * conditions.flicker
    picture = np.clip(picture * np.float32(gain), 0.0, 1.0) ** np.float32(conditions.gamma)
    if conditions.monochrome:
        picture = luma_of(picture)[..., None]
    return np.ascontiguousarray(picture, np.float32)


def grained(picture: Picture, conditions: Conditions, rng: np.random.Generator) -> Picture:
    """The frame with grain of the wanted strength and softness."""
    if not conditions.grain:
        return picture
    frame = _frame(picture)
    size = 2.0 * conditions.grain_blur * frame.um_per_px
    whole = grain_sigma(GrainSettings(stock=Stock.OLD), frame) * _GRAIN_AT_GREY
    settings = GrainSettings(
        stock=Stock.OLD,
        size=size,
        amount=min(10.0, conditions.grain / whole / _left_by(conditions.grain_blur)),
    )
    seed = int(rng.integers(1 << 62))
    made = with_grain(picture, settings, frame, Tone.DISPLAY, seed=seed, number=0)
    return np.clip(made, 0.0, 1.0)


def stored(picture: Picture, conditions: Conditions) -> Picture:
    """The frame as a lossy copy holds it."""
    return copied(picture, GenerationSettings(jpeg=conditions.jpeg), _frame(picture))


def _frame(picture: Picture) -> FilmFrame:
    # Which gauge does not matter: strength and softness of the grain are given in pixels.
    return FilmFrame.of(Gauge.MM8, picture.shape[1], picture.shape[0])


def _left_by(sigma: float) -> float:
    """Share of white noise's deviation that a Gaussian of that sigma leaves."""
    places = np.arange(-8, 9)
    kernel = np.exp(-0.5 * (places / sigma) ** 2)
    return float(np.sum((kernel / kernel.sum()) ** 2))
