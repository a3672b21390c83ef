"""Tears and splices: rare, large, on one or two frames; class OTHER, for no detector names them."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from filmrestore_core.matte import DamageClass
from filmrestore_core.noise import generator
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.mark import Mark
from filmrestore_core.synth.section import Section
from filmrestore_core.synth.shapes import fibre, stroke, stroke_margin


class TearSettings(Section):
    """Tears from the edge and splice lines."""

    tears: float = Field(0.0, ge=0, le=1, description="Share of frames with a tear.")
    splices: float = Field(
        0.0, ge=0, le=1, description="Share of frames after which the film was spliced."
    )


def tears(settings: TearSettings, frame: FilmFrame, *, seed: int, number: int) -> list[Mark]:
    """Tears and splice lines of one frame.

    Args:
        settings: how often.
        frame: size of the picture in px and on the film.
        seed: the recipe's seed.
        number: frame number.
    """
    marks = []
    rng = generator(seed, "tear", number)
    if rng.random() < settings.tears:
        marks.append(_tear(rng, frame))
    for owner, at_bottom in ((number, True), (number - 1, False)):
        # A splice shows at the bottom of its frame and at the top of the next.
        rng = generator(seed, "splice", owner)
        if rng.random() < settings.splices:
            marks += _splice(rng, frame, at_bottom=at_bottom)
    return marks


def _tear(rng: np.random.Generator, frame: FilmFrame) -> Mark:
    right = bool(rng.random() < 0.5)
    root = np.array([frame.width + 2.0 if right else -3.0, rng.uniform(0.1, 0.9) * frame.height])
    heading = (np.pi if right else 0.0) + rng.normal(0, 0.4)
    curve = fibre(rng, rng.uniform(0.1, 0.5) * frame.width, curl=1.0, heading=float(heading))
    curve[1:] += rng.normal(0, 0.8, curve[1:].shape)
    width = max(2.0, frame.px(float(rng.uniform(60, 250))))
    thickness = np.clip(1.1 - np.linspace(0, 1, len(curve)), 0.1, 1)
    points = curve + root
    opacity = stroke(points, width, thickness, softness=0.5)
    corner = np.floor(points.min(axis=0)).astype(int) - stroke_margin(width)
    density = -2.5 if rng.random() < 0.6 else 1.5
    return Mark(DamageClass.OTHER, opacity, int(corner[0]), int(corner[1]), (density,))


def _splice(rng: np.random.Generator, frame: FilmFrame, *, at_bottom: bool) -> list[Mark]:
    """A cement splice: a straight edge and the doubled film beside it."""
    heights = np.maximum(2, np.round(frame.px(1.0) * rng.uniform(150, 700, 2))).astype(int)
    densities = rng.uniform(-0.8, 0.8), rng.uniform(0.08, 0.4)
    rows = int(heights[1] if at_bottom else heights[0])
    y = frame.height - rows if at_bottom else 0
    band = np.ones((rows, frame.width), np.float32) * np.float32(rng.uniform(0.6, 1))
    edge = np.ones((2, frame.width), np.float32)
    edge_y = y if at_bottom else rows - 2
    return [
        Mark(DamageClass.OTHER, band, 0, y, (float(densities[1]),)),
        Mark(DamageClass.OTHER, edge, 0, edge_y, (float(densities[0]),)),
    ]
