"""The windows of one look: with and without damage, to both sides and to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.learning.judge.candidates import (
    Candidates,
    WindowFacts,
    candidates_of,
    together,
)
from filmrestore_core.learning.judge.clips import REACH, TrainingClip
from filmrestore_core.learning.judge.conditions import (
    Conditions,
    draw_conditions,
    filmed,
    grained,
    stored,
)
from filmrestore_core.learning.judge.distractors import (
    Distractor,
    add_distractor,
    draw_distractor,
)
from filmrestore_core.learning.judge.specks import draw_density, speckled
from filmrestore_core.noise import generator
from filmrestore_core.plate import Plate
from filmrestore_core.synth.shapes import ShapeSource
from filmrestore_core.temporal.window import TemporalWindow

Picture = NDArray[np.float32]

# A change of the picture of more than this is seen; half of it belongs to the mark's rim.
_VISIBLE = 0.04
_RIM = 0.5
# Windows that reach over both sides: mostly whole, sometimes as next to the end of a shot or with
# one neighbour on each side.
_BOTH_SIDES = ((-2, -1, 1, 2), (-1, 1), (-1, 1, 2), (-2, -1, 1))
_BOTH_SIDES_CHANCE = (0.76, 0.08, 0.08, 0.08)
_ONE_SIDE = ((-2, -1), (1, 2))


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One center with its neighbours, filmed under some conditions.

    Attributes:
        number: of the center in the clip, from 0.
        conditions: the look.
        distractor: what was added.
        pictures: five (H, W, C) float32, the center in the middle.
    """

    number: int
    conditions: Conditions
    distractor: Distractor
    pictures: tuple[Picture, ...]


def look_candidates(
    clip: TrainingClip, index: int, shapes: ShapeSource, *, seed: int
) -> Candidates:
    """The candidates of one center; they depend on the arguments only.

    Args:
        clip: clean frames.
        index: which look, from 0; every second one is under plain conditions.
        shapes: where outlines of damage come from.
        seed: of everything random.
    """
    key = (seed, "judge", clip.name, index)
    look = _look(clip, key, plain=index % 2 == 0)
    damaged, change = _damaged(look, shapes, key)
    rim = _RIM * max(_VISIBLE, 2 * look.conditions.grain)
    found = []
    for pictures, truth, is_damaged in (
        (look.pictures, np.zeros(change.shape, np.bool_), False),
        (damaged, change > rim, True),
    ):
        held = [stored(p, look.conditions) for p in pictures]
        draw = generator(*key, "window", int(is_damaged))
        both = _BOTH_SIDES[int(draw.choice(len(_BOTH_SIDES), p=_BOTH_SIDES_CHANCE))]
        for offsets in (both, _ONE_SIDE[int(draw.integers(2))]):
            facts = WindowFacts(
                clip.name,
                clip.series,
                look.number,
                offsets is both,
                is_damaged,
                look.distractor.value,
                look.conditions.stride,
                look.conditions.grain,
                look.conditions.jpeg,
                truth.size,
            )
            found.append(candidates_of(_window(held, offsets), truth, facts))
    return together(found)


def _look(clip: TrainingClip, key: tuple[int, str, str, int], *, plain: bool) -> Look:
    rng = generator(*key, "look")
    conditions = draw_conditions(rng, plain=plain)
    # A short clip cannot leave out as many frames as drawn.
    stride = min(conditions.stride, (len(clip.files) - 1) // (2 * REACH))
    conditions = replace(conditions, stride=stride)
    number = int(rng.integers(REACH * stride, len(clip.files) - REACH * stride))
    distractor = Distractor.NONE if plain else draw_distractor(rng)
    places = [number + stride * step for step in range(-REACH, REACH + 1)]
    pictures = [filmed(clip.picture(p), conditions, generator(*key, "filmed", p)) for p in places]
    pictures = add_distractor(distractor, pictures, generator(*key, "distractor"))
    grain = [grained(p, conditions, generator(*key, "grain", i)) for i, p in enumerate(pictures)]
    return Look(number, conditions, distractor, tuple(grain))


def _damaged(
    look: Look, shapes: ShapeSource, key: tuple[int, str, str, int]
) -> tuple[list[Picture], Picture]:
    """Every frame with its own damage, and how much the center changed."""
    density = draw_density(generator(*key, "density"))
    made = [
        speckled(p, shapes, density, generator(*key, "damage", i))
        for i, p in enumerate(look.pictures)
    ]
    return [pixels for pixels, _ in made], made[REACH][1]


def _window(pictures: Sequence[Picture], offsets: tuple[int, ...]) -> TemporalWindow:
    plates = {step: _plate(step, pictures[REACH + step]) for step in (0, *offsets)}
    return TemporalWindow(plates[0], tuple(plates[step] for step in sorted(offsets)))


def _plate(step: int, pixels: Picture) -> Plate:
    height, width = pixels.shape[:2]
    # A copy: plates freeze what they are given, and windows share pictures.
    return Plate(
        REACH + step, pixels.copy(), Box.of_size(width, height), np.ones((height, width), np.bool_)
    )
