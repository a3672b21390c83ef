"""FilmedWindow: five consecutive frames as some film would show them, damaged and undamaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.learning.judge.clips import REACH
from filmrestore_core.learning.judge.conditions import (
    Conditions,
    draw_conditions,
    filmed,
    grained,
    stored,
)
from filmrestore_core.learning.samples.damage import draw_damage
from filmrestore_core.learning.samples.negatives import draw_negative, with_negative
from filmrestore_core.learning.samples.sources import Sources
from filmrestore_core.matte import DamageClass
from filmrestore_core.noise import generator
from filmrestore_core.plate import Plate
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.film import VISIBLE, DamagedFilm
from filmrestore_core.synth.mark import Mark, lay
from filmrestore_core.synth.shapes import ShapeSource
from filmrestore_core.temporal.window import TemporalWindow

Picture = NDArray[np.float32]
# (frame of the window, channels) -> marks beside those of the recipe.
Marks = Callable[[int, int], list[Mark]]

HEIGHT, WIDTH = 384, 512
_WHOLE = (-2, -1, 1, 2)
_WINDOWS = (_WHOLE, (-1, 1), (1, 2), (-2, -1), (-1, 1, 2), (-2, -1, 1), ())
_WINDOW_CHANCE = (0.72, 0.06, 0.06, 0.06, 0.04, 0.04, 0.02)


@dataclass(frozen=True, slots=True, eq=False)
class FilmedWindow:
    """Five frames, the center in the middle.

    Attributes:
        held: (HEIGHT, WIDTH, C) float32 each, as stored: grain, damage, compression.
        clean: the same without damage and compression.
        bare: of the center: `clean` without the grain that was put on.
        change: (HEIGHT, WIDTH) float32 each, how much damage changed the picture.
        strength: of the center: class -> (HEIGHT, WIDTH) float32.
        seen: a change of more than this is seen.
        offsets: which neighbours there are.
        facts: what it was made of.
    """

    held: tuple[Picture, ...]
    clean: tuple[Picture, ...]
    bare: Picture
    change: tuple[Picture, ...]
    strength: dict[DamageClass, Picture]
    seen: float
    offsets: tuple[int, ...]
    facts: dict[str, Any]

    def window(self) -> TemporalWindow:
        """The frames there are, as plates numbered 0 to 4."""
        plates = {step: _plate(step, self.held[REACH + step]) for step in (0, *self.offsets)}
        return TemporalWindow(plates[0], tuple(plates[step] for step in sorted(self.offsets)))


def film_window(
    sources: Sources,
    shapes: ShapeSource,
    *,
    seed: int,
    index: int,
    fine: bool = False,
    plain: bool = False,
    further: Marks | None = None,
) -> FilmedWindow:
    """The window of that index; it depends on the arguments only.

    Args:
        sources: clean pictures.
        shapes: outlines of damage.
        seed: of everything random.
        index: which.
        fine: see samples.damage.draw_damage.
        plain: footage as it is but for color and some grain, and nothing added.
        further: damage beside what is drawn.
    """
    key = (seed, "scene", index)
    rng = generator(*key)
    name, pictures = sources.draw(rng, HEIGHT, WIDTH, plain=plain)
    conditions = _conditions(rng, plain=plain)
    pictures = [filmed(p, conditions, generator(*key, "filmed", i)) for i, p in enumerate(pictures)]
    negative = None if plain else draw_negative(rng)
    chance = int(rng.integers(1 << 60))

    def other() -> list[Picture]:
        taken = sources.draw(generator(*key, "other"), HEIGHT, WIDTH)[1]
        return [filmed(p, conditions, generator(*key, "filmed", i)) for i, p in enumerate(taken)]

    pictures = with_negative(negative, pictures, seed=chance, after_grain=False, other=other)
    clean = [grained(p, conditions, generator(*key, "grain", i)) for i, p in enumerate(pictures)]
    clean = with_negative(negative, clean, seed=chance, after_grain=True, other=other)
    bare = with_negative(negative, pictures, seed=chance, after_grain=True, other=other)[REACH]
    drawn = draw_damage(rng, HEIGHT, WIDTH, fine=fine)
    film = DamagedFilm(drawn.recipe, seed=int(rng.integers(1 << 60)), shapes=shapes)
    first = int(rng.integers(10_000))
    damaged, strength = [], []
    for i, picture in enumerate(clean):
        marks = list(film.marks(drawn.frame, first + i, picture.shape[2]))
        if further is not None:
            marks += further(i, picture.shape[2])
        laid = lay(marks, picture, Tone.DISPLAY)
        damaged.append(laid.pixels)
        strength.append(laid.strength)
    change = [np.abs(d - c).max(axis=-1) for d, c in zip(damaged, clean, strict=True)]
    drawn_window = _WINDOWS[int(rng.choice(len(_WINDOWS), p=_WINDOW_CHANCE))]
    offsets = _WHOLE if plain else drawn_window
    facts = {
        "source": name,
        "negative": negative.value if negative else "none",
        "grain": conditions.grain,
        "offsets": list(offsets),
        "um_per_px": round(drawn.frame.um_per_px, 2),
    }
    return FilmedWindow(
        tuple(stored(d, conditions) for d in damaged),
        tuple(clean),
        bare,
        tuple(change),
        strength[REACH],
        max(VISIBLE, 2 * conditions.grain),
        offsets,
        facts,
    )


def _conditions(rng: np.random.Generator, *, plain: bool) -> Conditions:
    conditions = draw_conditions(rng, plain=plain or bool(rng.random() < 0.35))
    sigma = float(np.exp(rng.uniform(np.log(0.004), np.log(0.025 if plain else 0.05))))
    return replace(conditions, grain=sigma if rng.random() < 0.92 else 0.0)


def _plate(step: int, pixels: Picture) -> Plate:
    box = Box.of_size(WIDTH, HEIGHT)
    return Plate(REACH + step, pixels.copy(), box, np.ones((HEIGHT, WIDTH), np.bool_))
