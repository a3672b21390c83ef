"""Specular flashes: bright spots of the picture that light up for a frame or two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.synth.negatives.canvas import Canvas, Picture
from filmrestore_core.synth.negatives.flight import between

# Spots are sought on a grid of this side.
_CELL = 8


def flashes(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Glints on what is bright already: metal, water, glass; some with rays or a halo."""
    spots = _bright_spots(pictures[len(pictures) // 2], rng, int(between(rng, 2, 45)))
    radius, rays = between(rng, 0.5, 3.0), rng.random() < 0.35
    halo = rng.uniform(0.1, 0.8)
    ray_length, ray_turn = rng.uniform(3, 9), rng.uniform(0, np.pi / 2)
    sheets = [Canvas.like(picture) for picture in pictures]
    for x, y in spots:
        first, lasts = int(rng.integers(len(sheets))), 1 if rng.random() < 0.6 else 2
        way = rng.normal(0, 1.5, 2)
        size = radius * float(np.exp(rng.normal(0, 0.4)))
        stretch = rng.normal(0, 1, 2) * size
        for step, sheet in enumerate(sheets[first : first + lasts]):
            center = np.array([x, y]) + way * step
            strength = rng.uniform(0.6, 1.0) if step == 0 else rng.uniform(0.3, 0.7)
            arms, widths = [stretch / 2], [2 * size]
            if rays:
                for turn in (ray_turn, ray_turn + np.pi / 2):
                    arms.append(size * ray_length * np.array([np.cos(turn), np.sin(turn)]) / 2)
                    widths.append(0.7)
            sheet.streaks(center - arms, center + arms, widths, 1.0, strength)
    return [
        sheet.blurred(0.7).shine(sheet.blurred(3.5 * radius).shine(picture, halo), 1.6)
        for picture, sheet in zip(pictures, sheets, strict=True)
    ]


def _bright_spots(
    picture: Picture, rng: np.random.Generator, count: int
) -> list[tuple[float, float]]:
    """Places (x, y) of bright cells, half of them close together."""
    luma = picture.mean(axis=-1)
    rows, columns = luma.shape[0] // _CELL, luma.shape[1] // _CELL
    if rows == 0 or columns == 0:
        return []
    cut = luma[: rows * _CELL, : columns * _CELL]
    cells: NDArray[np.float32] = cut.reshape(rows, _CELL, columns, _CELL).max(axis=(1, 3))
    weight = np.exp(30.0 * (cells - cells.max())).astype(np.float64)
    if rng.random() < 0.5:
        row, column = np.unravel_index(
            int(np.argmax(weight * rng.random(weight.shape))), weight.shape
        )
        down, right = np.mgrid[:rows, :columns]
        reach = rng.uniform(2, 8)
        weight *= np.exp(-((down - row) ** 2 + (right - column) ** 2) / (2 * reach**2))
    chosen = rng.choice(weight.size, count, p=(weight / weight.sum()).ravel())
    offsets = rng.uniform(0, _CELL, (count, 2))
    return [
        (float(i % columns * _CELL + dx), float(i // columns * _CELL + dy))
        for i, (dx, dy) in zip(chosen, offsets, strict=True)
    ]
