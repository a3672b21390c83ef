"""Holes: crops around damage with a first fill, to teach a net to fill better."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.inpaint.chain import fill_frame
from filmrestore_core.inpaint.lasting import with_lasting
from filmrestore_core.inpaint.planes import (
    PLANE_NAMES,
    fill_planes,
    spoiled_neighbors,
)
from filmrestore_core.learning.judge.clips import REACH
from filmrestore_core.learning.samples.filmed_window import (
    HEIGHT,
    WIDTH,
    FilmedWindow,
    film_window,
)
from filmrestore_core.learning.samples.large_damage import LargeDamage
from filmrestore_core.learning.samples.sources import Sources
from filmrestore_core.matte import Matte
from filmrestore_core.noise import generator
from filmrestore_core.segment.refine import matte_from_coverage
from filmrestore_core.settings import RepairSettings
from filmrestore_core.synth.shapes import ShapeSource
from filmrestore_core.temporal.align import align

SIDE = 128
MOST_CROPS = 6
# After the planes that a net sees: the clean picture, and the same without grain.
TRUTH = slice(len(PLANE_NAMES), len(PLANE_NAMES) + 3)
BARE = slice(TRUTH.stop, TRUTH.stop + 3)
PLANE_COUNT = BARE.stop
# A damaged piece that the detector overlooked in a neighbour.
_OVERLOOKED = 0.15


def make_holes(
    sources: Sources, shapes: ShapeSource, *, seed: int, index: int, large: bool = False
) -> tuple[NDArray[np.float16], dict[str, Any]]:
    """Crops of the window of that index; they depend on the arguments only.

    Args:
        sources: clean pictures.
        shapes: outlines of damage.
        seed: of everything random.
        index: which.
        large: with holes of many pixels and such as every frame has.

    Returns:
        (N, PLANE_COUNT, SIDE, SIDE) float16, N up to MOST_CROPS and perhaps 0; and facts.
    """
    further = LargeDamage(generator(seed, "large damage", index), shapes) if large else None
    made = film_window(sources, shapes, seed=seed, index=index, further=further)
    rng = generator(seed, "holes", index)
    mattes = {REACH + step: _matte(made, step, rng, shapes) for step in (0, *made.offsets)}
    matte = mattes[REACH]
    empty = np.zeros((0, PLANE_COUNT, SIDE, SIDE), np.float16)
    if matte.is_empty:
        return empty, made.facts
    window = align(made.window())
    grain = estimate_grain(window, matte)
    mattes = with_lasting(window, mattes, noise=grain.mean_strength)
    first = fill_frame(window, mattes, RepairSettings(), grain=grain).pixels
    spoiled = spoiled_neighbors(window, mattes)
    truth = np.broadcast_to(np.moveaxis(made.clean[REACH], -1, 0), (3, HEIGHT, WIDTH))
    bare = np.broadcast_to(np.moveaxis(made.bare, -1, 0), (3, HEIGHT, WIDTH))
    crops = []
    for y, x in _places(matte, rng):
        rows, columns = slice(y, y + SIDE), slice(x, x + SIDE)
        planes = fill_planes(
            window,
            spoiled,
            matte.coverage,
            first,
            rows,
            columns,
            noise=grain.mean_strength,
            coarseness=grain.coarseness,
        )
        both = [truth[:, rows, columns], bare[:, rows, columns]]
        crops.append(np.concatenate([planes, *both]).astype(np.float16))
    facts = {**made.facts, "crops": len(crops), "large": large}
    return np.stack(crops) if crops else empty, facts


def _matte(made: FilmedWindow, step: int, rng: np.random.Generator, shapes: ShapeSource) -> Matte:
    """What a detector would find: most damage, a little wider than it is, and sometimes more."""
    import cv2

    hole = (made.change[REACH + step] > made.seen / 2).astype(np.uint8)
    if step and hole.any():
        count, pieces = cv2.connectedComponents(hole, connectivity=8)
        kept = rng.random(count) >= _OVERLOOKED
        kept[0] = False
        hole = kept[pieces].astype(np.uint8)
    grow = int(rng.integers(0, 3))
    if grow:
        hole = np.asarray(cv2.dilate(hole, np.ones((2 * grow + 1,) * 2, np.uint8)), np.uint8)
    coverage = hole.astype(np.float32)
    for _ in range(int(rng.poisson(1.0))):
        # False alarms are filled as well, and should come out as they were.
        blob = shapes.speck(rng, float(np.exp(rng.uniform(np.log(6), np.log(400))))) > 0.3
        h, w = blob.shape
        if h < HEIGHT and w < WIDTH:
            y, x = int(rng.integers(0, HEIGHT - h)), int(rng.integers(0, WIDTH - w))
            coverage[y : y + h, x : x + w][blob] = 1.0
    soft = np.asarray(cv2.blur(coverage, (3, 3)), np.float32)
    box = Box.of_size(WIDTH, HEIGHT)
    return matte_from_coverage(REACH + step, box, np.maximum(coverage, soft))


def _places(matte: Matte, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Corners of crops, each around another piece of damage; large pieces more often."""
    if not matte.defects:
        return []
    areas = np.asarray([d.area for d in matte.defects], np.float64)
    chance = np.sqrt(areas) / np.sqrt(areas).sum()
    count = min(MOST_CROPS, len(areas))
    places = []
    for i in rng.choice(len(areas), size=count, replace=False, p=chance):
        box = matte.defects[int(i)].box
        middle_y = box.y + rng.uniform(0, box.height)
        middle_x = box.x + rng.uniform(0, box.width)
        y = int(np.clip(middle_y - SIDE / 2 + rng.uniform(-20, 20), 0, HEIGHT - SIDE))
        x = int(np.clip(middle_x - SIDE / 2 + rng.uniform(-20, 20), 0, WIDTH - SIDE))
        places.append((y, x))
    return places
