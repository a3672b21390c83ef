"""Stains and water marks: large, soft, seen through."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from filmrestore_core.matte import DamageClass
from filmrestore_core.noise import generator
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.mark import Mark
from filmrestore_core.synth.persistent import alive
from filmrestore_core.synth.section import Section
from filmrestore_core.synth.shapes import ShapeSource


class StainSettings(Section):
    """Blotches."""

    present: float = Field(0.0, ge=0, le=50, description="Stains on a frame, on average.")
    frames: float = Field(
        1.0, ge=1, le=500, description="Frames that a stain is on, on average; most are on one."
    )
    area: float = Field(
        1.5e6, gt=0, le=1e9, description="Area of the middle stain, square micron on the film."
    )
    spread: float = Field(0.9, ge=0, le=2, description="Spread of the areas (sigma of log).")
    faintest: float = Field(0.04, gt=0, le=4, description="Density of the faintest stains.")
    strongest: float = Field(0.5, gt=0, le=4, description="Density of the strongest stains.")
    bright: float = Field(0.4, ge=0, le=1, description="Share that is brighter than the picture.")
    tint: float = Field(0.3, ge=0, le=1, description="How much channels differ.")


def stains(
    settings: StainSettings,
    frame: FilmFrame,
    shapes: ShapeSource,
    *,
    seed: int,
    number: int,
    channels: int,
) -> list[Mark]:
    """The stains of one frame; one that stays for several keeps its place on the film's picture.

    Args:
        settings: how many, how large, how strong.
        frame: size of the picture in px and on the film.
        shapes: where outlines come from.
        seed: the recipe's seed.
        number: frame number.
        channels: channels of the picture, 1 or 3.
    """
    marks = []
    for life in alive(seed, "stain", number, present=settings.present, frames=settings.frames):
        rng = generator(seed, *life.key)
        area = settings.area * float(np.exp(rng.normal(0, settings.spread)))
        area = min(area / frame.um_per_px**2, 0.15 * frame.width * frame.height)
        opacity = shapes.stain(rng, max(40.0, area))
        low, high = np.log(settings.faintest), np.log(max(settings.faintest, settings.strongest))
        depth = float(np.exp(rng.uniform(low, high)))
        sign = -1.0 if rng.random() < settings.bright else 1.0
        tint = np.exp(rng.normal(0, settings.tint, channels))
        density = tuple(float(sign * depth * t / tint.max()) for t in tint)
        h, w = opacity.shape
        x = round(rng.uniform(0, frame.width) - w / 2)
        y = round(rng.uniform(0, frame.height) - h / 2)
        marks.append(Mark(DamageClass.STAIN, opacity, x, y, density))
    return marks
