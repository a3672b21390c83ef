"""A scene made of a film's own window: damage laid on where the film itself has none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.learning.judge.clips import REACH
from filmrestore_core.learning.samples.damage import draw_damage
from filmrestore_core.learning.samples.filmed_window import HEIGHT, WIDTH, FilmedWindow
from filmrestore_core.learning.samples.scene import TARGET, WEIGHT, Scene, scene_of
from filmrestore_core.matte import DamageClass
from filmrestore_core.noise import generator
from filmrestore_core.plate import Plate
from filmrestore_core.segment.planes import OFFSETS, noise_of
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.film import VISIBLE, VISIBLE_SIGMAS, DamagedFilm
from filmrestore_core.synth.mark import lay
from filmrestore_core.synth.recipe import RecipeSettings
from filmrestore_core.synth.shapes import ShapeSource
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow

Picture = NDArray[np.float32]
Finder = Callable[[AlignedWindow], NDArray[np.bool_]]
"""Says where a window's center may be damaged already: (H, W) bool."""

# Around what is damaged already nothing counts either.
_MARGIN = 4


def film_scene(
    window: TemporalWindow,
    find: Finder,
    shapes: ShapeSource,
    *,
    tone: Tone,
    seed: int,
    index: int,
    damaged: bool = True,
) -> Scene:
    """The scene of that index; it depends on the arguments only.

    What the finder marks, what is not finite and what lies beyond the picture counts nothing;
    facts say what share of the picture counts as undamaged ("usable").

    Args:
        window: of a film, any size.
        find: the detector that there is.
        shapes: outlines of damage.
        tone: of the film's code values.
        seed: of everything random.
        index: which.
        damaged: whether damage is laid on.
    """
    rng = generator(seed, "adapt", index)
    cut, inside = _cut(window, rng)
    aligned = align(cut)
    unknown = _grown(find(aligned) | ~cut.center.finite, _MARGIN) | ~inside
    plates = {p.number - cut.center.number: p for p in (cut.center, *cut.neighbors)}
    drawn = draw_damage(rng, HEIGHT, WIDTH)
    recipe = drawn.recipe if damaged else RecipeSettings()
    laid_on = DamagedFilm(recipe, seed=int(rng.integers(1 << 60)), shapes=shapes)
    first = int(rng.integers(10_000))
    clean: list[Picture] = []
    held: list[Picture] = []
    strength: dict[DamageClass, Picture] = {}
    for step in range(-REACH, REACH + 1):
        # A neighbour that is not there is never looked at.
        pixels = np.clip(plates.get(step, cut.center).pixels, 0.0, 1.0)
        marks = laid_on.marks(drawn.frame, first + step + REACH, pixels.shape[2])
        laid = lay(marks, pixels, tone)
        clean.append(pixels)
        held.append(laid.pixels)
        if step == 0:
            strength = laid.strength
    noise = noise_of(aligned)
    made = FilmedWindow(
        held=tuple(held),
        clean=tuple(clean),
        # The film's own grain cannot be taken away.
        bare=clean[REACH],
        change=tuple(np.abs(d - c).max(axis=-1) for d, c in zip(held, clean, strict=True)),
        strength=strength,
        seen=max(VISIBLE, VISIBLE_SIGMAS * noise),
        offsets=tuple(o for o in OFFSETS if o in plates),
        facts={
            "source": f"frame {cut.center.number}",
            "negative": "none",
            "grain": noise,
            "offsets": [o for o in OFFSETS if o in plates],
            "um_per_px": round(drawn.frame.um_per_px, 2),
            "usable": round(float(1.0 - unknown.mean()), 4),
        },
    )
    scene = scene_of(made)
    scene.planes[TARGET][unknown] = 0
    scene.planes[WEIGHT][unknown] = 0
    scene.facts["damaged"] = bool(scene.planes[TARGET].any())
    return scene


def _cut(
    window: TemporalWindow, rng: np.random.Generator
) -> tuple[TemporalWindow, NDArray[np.bool_]]:
    """A part of the window of a scene's size, and what of it lies inside the picture."""
    high, wide = window.center.box.shape
    y = int(rng.integers(0, max(0, high - HEIGHT) + 1))
    x = int(rng.integers(0, max(0, wide - WIDTH) + 1))
    inside = np.zeros((HEIGHT, WIDTH), np.bool_)
    inside[: min(high, HEIGHT), : min(wide, WIDTH)] = True
    box = Box.of_size(WIDTH, HEIGHT)

    def part(plate: Plate) -> Plate:
        pixels = plate.pixels[y : y + HEIGHT, x : x + WIDTH]
        finite = plate.finite[y : y + HEIGHT, x : x + WIDTH]
        # A small picture goes on as in a mirror, so that motion does not end in a hard edge.
        pads = ((0, HEIGHT - pixels.shape[0]), (0, WIDTH - pixels.shape[1]))
        return Plate(
            plate.number,
            np.ascontiguousarray(np.pad(pixels, (*pads, (0, 0)), mode="symmetric")),
            box,
            np.ascontiguousarray(np.pad(finite, pads, mode="symmetric")),
        )

    near = [p for p in window.neighbors if p.number - window.center.number in OFFSETS]
    return TemporalWindow(part(window.center), tuple(part(p) for p in near)), inside


def _grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    import cv2

    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel), np.bool_)
