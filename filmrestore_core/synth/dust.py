"""Dirt and sparkle: specks that lie on one frame only, in clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from filmrestore_core.matte import DamageClass
from filmrestore_core.noise import generator
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.mark import Mark
from filmrestore_core.synth.section import Section
from filmrestore_core.synth.shapes import ShapeSource

# Specks cluster: counted in squares of this side, on ten scans of dusty 35 mm film, they vary like
# a gamma-Poisson mixture of shape 1.4 (variance / mean 3.0 at a mean of 2.7).
CLUSTER_UM = 1854.0
CLUSTER_SHAPE = 1.4
# Frames vary among themselves as well (the ten scans: shape 1.8; one film's frames vary less).
FRAME_SHAPE = 4.0


class SpeckSettings(Section):
    """Specks of one colour."""

    per_frame: float = Field(0.0, ge=0, le=20000, description="Specks on a frame, on average.")
    area: float = Field(
        4500.0, gt=0, le=1e7, description="Area of the middle speck, square micron on the film."
    )
    spread: float = Field(
        0.6, ge=0, le=2, description="Spread of the areas (sigma of their logarithm)."
    )
    large: float = Field(
        0.04, ge=0, le=1, description="Share of specks that are 6 to 60 times larger."
    )
    faintest: float = Field(
        0.12, gt=0, le=4, description="Density of the faintest specks; colours say which sign."
    )
    strongest: float = Field(1.6, gt=0, le=4, description="Density of the strongest specks.")


def specks(
    settings: SpeckSettings,
    damage_class: DamageClass,
    frame: FilmFrame,
    shapes: ShapeSource,
    *,
    seed: int,
    number: int,
) -> list[Mark]:
    """The specks of one frame; dirt is dark, sparkle bright.

    Args:
        settings: how many, how large, how strong.
        damage_class: DIRT or SPARKLE.
        frame: size of the picture in px and on the film.
        shapes: where outlines come from.
        seed: the recipe's seed.
        number: frame number.
    """
    rng = generator(seed, damage_class.value, number)
    places = _places(rng, settings.per_frame, frame)
    marks = []
    for x, y in places:
        area = settings.area * float(np.exp(rng.normal(0, settings.spread)))
        if rng.random() < settings.large:
            area *= float(np.exp(np.log(6) + np.log(10) * rng.beta(1.0, 1.8)))
        opacity = shapes.speck(rng, max(0.6, area / frame.um_per_px**2))
        low, high = np.log(settings.faintest), np.log(max(settings.faintest, settings.strongest))
        # More strong ones than faint ones: what one sees on film is mostly opaque.
        density = float(np.exp(low + (high - low) * rng.beta(2.0, 1.1)))
        if damage_class is DamageClass.SPARKLE:
            density = -density
        h, w = opacity.shape
        marks.append(Mark(damage_class, opacity, round(x - w / 2), round(y - h / 2), (density,)))
    return marks


def _places(rng: np.random.Generator, per_frame: float, frame: FilmFrame) -> NDArray[np.float64]:
    """Clustered places (n, 2), x and y in px."""
    side = CLUSTER_UM / frame.um_per_px
    columns, rows = int(np.ceil(frame.width / side)) + 1, int(np.ceil(frame.height / side)) + 1
    share = side * side / (frame.width * frame.height)
    mean = per_frame * float(rng.gamma(FRAME_SHAPE, 1 / FRAME_SHAPE)) * share
    counts = rng.poisson(mean * rng.gamma(CLUSTER_SHAPE, 1 / CLUSTER_SHAPE, (rows, columns)))
    corner = rng.uniform(-side, 0, 2)  # the squares do not always begin at the frame's edge
    cells = np.repeat(np.argwhere(counts >= 0)[:, ::-1], counts.ravel(), axis=0)
    points: NDArray[np.float64] = corner + (cells + rng.uniform(0, 1, cells.shape)) * side
    inside = np.all((points >= 0) & (points < [frame.width, frame.height]), axis=1)
    return points[inside]
