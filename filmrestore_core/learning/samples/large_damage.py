"""LargeDamage: holes of many pixels, and such as every frame has at the same place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.learning.judge.clips import REACH
from filmrestore_core.learning.samples.filmed_window import HEIGHT, WIDTH
from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.mark import Mark
from filmrestore_core.synth.shapes import ShapeSource

_FRAMES = 2 * REACH + 1
# Areas of blots, px.
_AREA = (300.0, 6000.0)
# Blots that lie on every frame: dirt in the gate, or a stain that runs on.
_LASTING = 0.5
_SCRATCHES = 0.6
_HAIRS = 0.5


class LargeDamage:
    """Blots, wide running scratches and hairs in the gate for the five frames of one window."""

    def __init__(self, rng: np.random.Generator, shapes: ShapeSource) -> None:
        """Draw them.

        Args:
            rng: of the window.
            shapes: outlines.
        """
        self._marks: list[list[Mark]] = [[] for _ in range(_FRAMES)]
        for _ in range(int(rng.integers(1, 5))):
            self._blot(rng, shapes)
        for _ in range(int(rng.integers(1, 3)) if rng.random() < _SCRATCHES else 0):
            self._scratch(rng)
        for _ in range(int(rng.integers(1, 3)) if rng.random() < _HAIRS else 0):
            self._hair(rng, shapes)

    def __call__(self, frame: int, channels: int) -> list[Mark]:
        """Marks of a frame of the window, 0 to 4; for a picture of that many channels."""
        return [
            Mark(m.damage_class, m.opacity, m.x, m.y, m.density[:channels])
            for m in self._marks[frame]
        ]

    def _blot(self, rng: np.random.Generator, shapes: ShapeSource) -> None:
        area = float(np.exp(rng.uniform(*np.log(_AREA))))
        draw = shapes.stain if rng.random() < 0.3 else shapes.speck
        shape = _solid(draw(rng, area), rng)
        y, x = int(rng.integers(-10, HEIGHT - 20)), int(rng.integers(-10, WIDTH - 20))
        density = _density(rng)
        if rng.random() < _LASTING:
            for frame in range(_FRAMES):
                dy, dx = rng.integers(-1, 2, size=2)
                self._put(frame, DamageClass.STAIN, shape, x + int(dx), y + int(dy), density)
        else:
            self._put(REACH, DamageClass.DIRT, shape, x, y, density)

    def _scratch(self, rng: np.random.Generator) -> None:
        width = float(rng.uniform(2.0, 9.0))
        side = int(np.ceil(width)) + 4
        rows = HEIGHT + 8
        lean = rng.uniform(-0.01, 0.01) * rows
        middle = side / 2 + np.linspace(-lean, lean, rows) * 0.5
        middle += np.cumsum(rng.normal(0.0, 0.04, rows))
        across = np.abs(np.arange(side)[None, :] + 0.5 - middle[:, None])
        shape = np.clip(width / 2 + 0.5 - across, 0.0, 1.0).astype(np.float32)
        x, density = int(rng.integers(4, WIDTH - 4 - side)), _density(rng)
        for frame in range(_FRAMES):
            at = x + int(rng.integers(-1, 2))
            self._put(frame, DamageClass.SCRATCH, shape, at, -4, density)

    def _hair(self, rng: np.random.Generator, shapes: ShapeSource) -> None:
        shape = shapes.hair(rng, float(rng.uniform(60, 220)), float(rng.uniform(2.5, 6.0)))
        y = int(rng.integers(-20, max(1, HEIGHT - shape.shape[0] + 20)))
        x = int(rng.integers(-20, max(1, WIDTH - shape.shape[1] + 20)))
        density = _density(rng)
        for frame in range(_FRAMES):
            self._put(frame, DamageClass.HAIR, shape, x, y, density)

    def _put(
        self,
        frame: int,
        damage_class: DamageClass,
        shape: NDArray[np.float32],
        x: int,
        y: int,
        density: tuple[float, ...],
    ) -> None:
        self._marks[frame].append(Mark(damage_class, shape, x, y, density))


def _solid(shape: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Opaque inside more often than not: what shines through needs no inventing."""
    if rng.random() < 0.7:
        return np.asarray(np.clip(shape * np.float32(3.0), 0.0, 1.0), np.float32)
    return shape


def _density(rng: np.random.Generator) -> tuple[float, float, float]:
    """Dark or bright, mostly strong; of a color where the emulsion is hurt."""
    strength = float(rng.uniform(0.3, 2.5)) * (1.0 if rng.random() < 0.5 else -1.0)
    if rng.random() < 0.25:
        red, green, blue = strength * rng.uniform(0.2, 1.0, 3)
        return float(red), float(green), float(blue)
    return strength, strength, strength
