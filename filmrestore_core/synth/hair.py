"""Hairs and lint: free ones on one frame only, and those stuck in the gate for many frames."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from filmrestore_core.matte import DamageClass
from filmrestore_core.noise import generator
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.mark import Mark
from filmrestore_core.synth.noise_line import smooth_line
from filmrestore_core.synth.persistent import Life, alive
from filmrestore_core.synth.section import Section
from filmrestore_core.synth.shapes import ShapeSource, fibre, stroke, stroke_margin


class HairSettings(Section):
    """Hairs and fibres."""

    per_frame: float = Field(
        0.0, ge=0, le=1000, description="Free hairs on a frame, on average; each on one frame only."
    )
    length: float = Field(
        450.0, gt=0, le=30000, description="Length of the middle free hair, micron on the film."
    )
    spread: float = Field(0.8, ge=0, le=2, description="Spread of the lengths (sigma of log).")
    width: float = Field(38.0, gt=0, le=1000, description="Width, micron on the film.")
    bright: float = Field(
        0.25, ge=0, le=1, description="Share of free hairs that lie on the negative and are bright."
    )
    faintest: float = Field(0.12, gt=0, le=4, description="Density of the faintest hairs.")
    strongest: float = Field(1.3, gt=0, le=4, description="Density of the strongest hairs.")
    in_gate: float = Field(
        0.0, ge=0, le=20, description="Hairs stuck in the gate at a time, on average."
    )
    gate_frames: float = Field(
        60.0, ge=1, le=2000, description="Frames that a hair stays in the gate, on average."
    )


def free_hairs(
    settings: HairSettings, frame: FilmFrame, shapes: ShapeSource, *, seed: int, number: int
) -> list[Mark]:
    """The hairs that lie on this frame only.

    Args:
        settings: how many, how long, how strong.
        frame: size of the picture in px and on the film.
        shapes: where outlines come from.
        seed: the recipe's seed.
        number: frame number.
    """
    rng = generator(seed, "hair", number)
    marks = []
    for _ in range(int(rng.poisson(settings.per_frame))):
        length = settings.length * float(np.exp(rng.normal(0, settings.spread)))
        width = settings.width * float(np.exp(rng.normal(0, 0.27)))
        opacity = shapes.hair(rng, max(3.0, frame.px(length)), frame.px(width))
        density = _density(rng, settings)
        if rng.random() < settings.bright:
            density = -density
        h, w = opacity.shape
        x = round(rng.uniform(0, frame.width) - w / 2)
        y = round(rng.uniform(0, frame.height) - h / 2)
        marks.append(Mark(DamageClass.HAIR, opacity, x, y, (density,)))
    return marks


def gate_hairs(settings: HairSettings, frame: FilmFrame, *, seed: int, number: int) -> list[Mark]:
    """The hairs that hang in the gate: rooted at an edge, at one place, trembling a little.

    They are dark: they keep light from the picture.

    Args:
        settings: how many and for how long.
        frame: size of the picture in px and on the film.
        seed: the recipe's seed.
        number: frame number.
    """
    lives = alive(seed, "gate hair", number, present=settings.in_gate, frames=settings.gate_frames)
    return [_gate_hair(settings, life, frame, seed=seed, number=number) for life in lives]


def _gate_hair(
    settings: HairSettings, life: Life, frame: FilmFrame, *, seed: int, number: int
) -> Mark:
    rng = generator(seed, *life.key)
    # Most gather where the film moves them to: the lower and upper edge of the aperture.
    edge = int(rng.choice(4, p=[0.45, 0.3, 0.125, 0.125]))
    place = rng.uniform(0.04, 0.96)
    root, inward = {
        0: ((place * frame.width, frame.height + 1.0), -np.pi / 2),
        1: ((place * frame.width, -2.0), np.pi / 2),
        2: ((-2.0, place * frame.height), 0.0),
        3: ((frame.width + 1.0, place * frame.height), np.pi),
    }[edge]
    length = min(
        frame.px(settings.length * 2.2 * float(np.exp(rng.normal(0, 0.5)))), frame.height * 0.6
    )
    width = frame.px(settings.width * 1.3 * float(np.exp(rng.normal(0, 0.3))))
    curve = fibre(rng, length, curl=float(rng.gamma(1.5, 1.0)), heading=inward + rng.normal(0, 0.5))
    # Trembling: the free end swings, the root holds.
    swing = float(rng.gamma(2.0, 0.02))
    jerk = float(generator(seed, *life.key, number).normal(0, 0.3))
    slow = float(smooth_line(seed, (*life.key, "swing"), np.array([float(number)]), 3.0)[0])
    along = np.linspace(0, 1, len(curve))
    angle = swing * (slow + jerk) * along
    turned = np.stack(
        [
            curve[:, 0] * np.cos(angle) - curve[:, 1] * np.sin(angle),
            curve[:, 0] * np.sin(angle) + curve[:, 1] * np.cos(angle),
        ],
        axis=-1,
    ) + np.asarray(root)
    taper = np.clip(1.15 - 0.7 * along**2, 0.3, 1)
    opacity = stroke(turned, width, taper, softness=float(rng.uniform(0.3, 0.9)))
    corner = np.floor(turned.min(axis=0)).astype(int) - stroke_margin(width)
    density = max(_density(rng, settings), 0.5)
    return Mark(DamageClass.HAIR, opacity, int(corner[0]), int(corner[1]), (density,))


def _density(rng: np.random.Generator, settings: HairSettings) -> float:
    low, high = np.log(settings.faintest), np.log(max(settings.faintest, settings.strongest))
    return float(np.exp(low + (high - low) * rng.beta(1.6, 1.1)))
