"""Running scratches: lines along the film's way, for many frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from filmrestore_core.matte import DamageClass
from filmrestore_core.noise import generator
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.mark import Mark
from filmrestore_core.synth.noise_line import smooth_line
from filmrestore_core.synth.persistent import Life, alive
from filmrestore_core.synth.section import Section

# Emulsion scratches on color film bare one dye after the other; density that R, G, B lose or gain.
_COLORS: tuple[tuple[float, float, float], ...] = (
    (0.1, 0.1, 1.0),
    (0.1, 1.0, 0.35),
    (0.15, 1.0, 1.0),
    (1.0, 0.55, 0.15),
    (1.0, 1.0, 0.1),
)


class ScratchSettings(Section):
    """Running scratches."""

    present: float = Field(
        0.0, ge=0, le=50, description="Scratches that run at a time, on average."
    )
    frames: float = Field(
        120.0, ge=1, le=5000, description="Frames that a scratch runs for, on average."
    )
    width: float = Field(22.0, gt=0, le=500, description="Middle width, micron on the film.")
    faintest: float = Field(0.04, gt=0, le=4, description="Density of the faintest scratches.")
    strongest: float = Field(0.9, gt=0, le=4, description="Density of the strongest scratches.")
    bright: float = Field(0.45, ge=0, le=1, description="Share that is bright.")
    colored: float = Field(
        0.0, ge=0, le=1, description="Share that is tinted (emulsion torn off color film)."
    )
    broken: float = Field(0.4, ge=0, le=1, description="Share that comes and goes along its way.")
    wander: float = Field(
        35.0, ge=0, le=3000, description="How far a scratch moves sideways, micron on the film."
    )
    wandering: float = Field(0.2, ge=0, le=1, description="Share that wanders ten times as far.")


def scratches(settings: ScratchSettings, frame: FilmFrame, *, seed: int, number: int) -> list[Mark]:
    """The running scratches of one frame.

    A scratch is a function of the place along the film, so that it goes on from one frame's bottom
    to the next one's top. It is fixed to the machine: gate weave does not move it.

    Args:
        settings: how many, how strong, how steady.
        frame: size of the picture in px and on the film.
        seed: the recipe's seed.
        number: frame number.
    """
    lives = alive(seed, "scratch", number, present=settings.present, frames=settings.frames)
    marks: list[Mark] = []
    for life in lives:
        marks += _scratch(settings, life, frame, seed=seed, number=number)
    return marks


def _scratch(
    settings: ScratchSettings, life: Life, frame: FilmFrame, *, seed: int, number: int
) -> list[Mark]:
    rng = generator(seed, *life.key)
    middle = rng.uniform(0.02, 0.98) * frame.width
    width = frame.px(settings.width * float(np.exp(rng.normal(0, 0.5))))
    low, high = np.log(settings.faintest), np.log(max(settings.faintest, settings.strongest))
    depth = float(np.exp(low + (high - low) * rng.beta(1.2, 1.2)))
    bright = rng.random() < settings.bright
    wander = frame.px(settings.wander) * float(np.exp(rng.normal(0, 0.4)))
    if rng.random() < settings.wandering:
        wander *= 10
    starts, ends = rng.uniform(0, 1, 2)  # where on its first and last frame
    broken = rng.random() < settings.broken
    gap_level, gap_step = rng.uniform(-0.55, 0.25), rng.uniform(0.08, 0.8)
    color = _COLORS[int(rng.integers(len(_COLORS)))] if rng.random() < settings.colored else (1.0,)
    ridge = rng.uniform(0.15, 0.5) if rng.random() < 0.4 else 0.0

    along = number + (np.arange(frame.height) + 0.5) / frame.height
    path = middle + wander * (
        0.75 * smooth_line(seed, (*life.key, "slow"), along, 14.0)
        + 0.25 * smooth_line(seed, (*life.key, "fast"), along, 1.3)
    )
    there = np.clip((along - life.first - starts) * 8, 0, 1)
    there *= np.clip((life.last + ends - along) * 8, 0, 1)
    rough = 0.75 + 0.25 * smooth_line(seed, (*life.key, "rough"), along, 0.04)
    if broken:
        gaps = smooth_line(seed, (*life.key, "gaps"), along, gap_step)
        there *= np.clip((gaps - gap_level) * 6, 0, 1)
    sign = -1.0 if bright else 1.0
    marks = [_line(path, width, there * rough, frame, tuple(sign * depth * c for c in color))]
    if ridge and marks:
        # The displaced material beside the groove refracts the other way.
        side = path + (width + 0.6) * (1 if rng.random() < 0.5 else -1)
        marks.append(_line(side, width * 0.8, there * rough, frame, (-sign * depth * ridge,)))
    return [mark for mark in marks if mark is not None]


def _line(
    path: NDArray[np.float64],
    width: float,
    there: NDArray[np.float64],
    frame: FilmFrame,
    density: tuple[float, ...],
) -> Mark | None:
    """A line through (path[y], y); its pixels are covered in part where it is thin."""
    if not np.any(there > 0):
        return None
    reach = width / 2 + 2.5
    left = max(0, int(np.floor(path.min() - reach)))
    right = min(frame.width, int(np.ceil(path.max() + reach)) + 1)
    if left >= right:
        return None
    x = np.arange(left, right)[None, :] - path[:, None]
    opacity = _step((x + width / 2) / 0.45) - _step((x - width / 2) / 0.45)
    opacity = opacity * there[:, None]
    opacity[opacity < 1e-3] = 0
    stamp = np.asarray(np.clip(opacity, 0, 1), np.float32)
    return Mark(DamageClass.SCRATCH, stamp, left, 0, density)


def _step(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """The normal distribution's integral, in the logistic approximation (error below 0.0002)."""
    rise: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(1.5976 * z + 0.07056 * z**3, -60, 60)))
    return rise
