"""LineWindow: five frames as high as a picture, with and without running scratches."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.learning.judge.clips import REACH, TrainingClip
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
from filmrestore_core.noise import generator
from filmrestore_core.plate import Plate
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.film import VISIBLE, DamagedFilm
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.mark import lay
from filmrestore_core.synth.recipe import RecipeSettings
from filmrestore_core.synth.scratch import ScratchSettings
from filmrestore_core.synth.shapes import ShapeSource
from filmrestore_core.temporal.window import TemporalWindow

Picture = NDArray[np.float32]

HEIGHT, WIDTH = 480, 640
_STRIDES = (1, 1, 1, 1, 2, 3)
_WHOLE = (-2, -1, 1, 2)
_WINDOWS = (_WHOLE, (1, 2), (-2, -1), (-1, 1))
_WINDOW_CHANCE = (0.7, 0.1, 0.1, 0.1)
# So often a picture is seen from its upper to its lower edge: there poles begin and end.
_FROM_EDGE_TO_EDGE = 0.6
# A projector's gate is unsteady on nearly all film; scratches of the film are not.
_WEAVES, _WEAVE = 0.6, (0.1, 2.0)
# A scan often shows the gate: black beside the picture, at the same place in every frame.
_GATED, _GATE = 0.25, (2.0, 48.0)


@dataclass(frozen=True, slots=True, eq=False)
class LineWindow:
    """Five frames, the center in the middle.

    Attributes:
        damaged: (HEIGHT, WIDTH, C) float32 each, as stored.
        undamaged: the same without damage.
        scratched: (HEIGHT, WIDTH) bool, where damage changed the center so that one sees it.
        offsets: which neighbours there are.
        source: name of the clip or still.
        negative: name of the hard negative, "none" without.
        grain: code values.
    """

    damaged: tuple[Picture, ...]
    undamaged: tuple[Picture, ...]
    scratched: NDArray[np.bool_]
    offsets: tuple[int, ...]
    source: str
    negative: str
    grain: float

    def window(self, *, damaged: bool) -> TemporalWindow:
        """The frames there are, as plates numbered 0 to 4."""
        frames = self.damaged if damaged else self.undamaged
        plates = {step: _plate(step, frames[REACH + step]) for step in (0, *self.offsets)}
        return TemporalWindow(plates[0], tuple(plates[step] for step in sorted(self.offsets)))


def line_window(
    sources: Sources, shapes: ShapeSource, *, seed: int, index: int, plain: bool
) -> LineWindow:
    """The window of that index; it depends on the arguments only.

    Args:
        sources: clean pictures.
        shapes: outlines of the damage that lies beside the scratches.
        seed: of everything random.
        index: which; every second one has thinner lines.
        plain: footage as it is but for color, grain and the gate, all of its neighbours.
    """
    key = (seed, "lines", index)
    rng = generator(*key)
    conditions = _conditions(rng, plain=plain)
    name, pictures = _source(sources, rng, plain=plain)
    pictures = [filmed(p, conditions, generator(*key, "filmed", i)) for i, p in enumerate(pictures)]
    negative = None if plain else draw_negative(rng)
    chance = int(rng.integers(1 << 60))

    def other() -> list[Picture]:
        taken = sources.draw(generator(*key, "other"), HEIGHT, WIDTH)[1]
        return [filmed(p, conditions, generator(*key, "filmed", i)) for i, p in enumerate(taken)]

    pictures = with_negative(negative, pictures, seed=chance, after_grain=False, other=other)
    clean = [grained(p, conditions, generator(*key, "grain", i)) for i, p in enumerate(pictures)]
    clean = with_negative(negative, clean, seed=chance, after_grain=True, other=other)
    film, frame = _damage(rng, shapes, fine=index % 2 == 1)
    first = int(rng.integers(10_000))
    damaged = [
        lay(list(film.marks(frame, first + i, p.shape[2])), p, Tone.DISPLAY).pixels
        for i, p in enumerate(clean)
    ]
    gate = _gate(rng)
    change = np.abs((damaged[REACH] - clean[REACH]) * gate).max(axis=-1)
    seen = max(VISIBLE, 2 * conditions.grain) / 2
    drawn = _WINDOWS[int(rng.choice(len(_WINDOWS), p=_WINDOW_CHANCE))]
    return LineWindow(
        tuple(stored(d * gate, conditions) for d in damaged),
        tuple(stored(c * gate, conditions) for c in clean),
        change > seen,
        _WHOLE if plain else drawn,
        name,
        negative.value if negative else "none",
        conditions.grain,
    )


def _conditions(rng: np.random.Generator, *, plain: bool) -> Conditions:
    conditions = draw_conditions(rng, plain=plain or bool(rng.random() < 0.35))
    grain = _log_uniform(rng, 0.004, 0.025 if plain else 0.05)
    weave = _log_uniform(rng, *_WEAVE) if rng.random() < _WEAVES and not plain else 0.0
    return replace(conditions, grain=grain, weave=weave)


def _source(
    sources: Sources, rng: np.random.Generator, *, plain: bool
) -> tuple[str, list[Picture]]:
    if rng.random() >= _FROM_EDGE_TO_EDGE:
        return sources.draw(rng, HEIGHT, WIDTH, plain=plain)
    clip = sources.clips[int(rng.integers(len(sources.clips)))]
    return clip.name, _from_edge_to_edge(clip, rng, plain=plain)


def _from_edge_to_edge(
    clip: TrainingClip, rng: np.random.Generator, *, plain: bool
) -> list[Picture]:
    import cv2

    last = len(clip.files) - 1
    stride = 1 if plain else min(int(rng.choice(_STRIDES)), last // (2 * REACH))
    first = int(rng.integers(0, last + 1 - 2 * REACH * stride))
    pictures = [clip.picture(first + stride * i) for i in range(2 * REACH + 1)]
    if rng.random() < 0.3:
        pictures.reverse()
    high, wide = pictures[0].shape[:2]
    scale = max(HEIGHT / high, WIDTH / wide)
    size = (max(WIDTH, round(wide * scale)), max(HEIGHT, round(high * scale)))
    x = int(rng.integers(0, size[0] - WIDTH + 1))
    flipped = rng.random() < 0.5
    flag = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    cut = [cv2.resize(p, size, interpolation=flag)[:HEIGHT, x : x + WIDTH] for p in pictures]
    return [
        np.ascontiguousarray(np.clip(c[:, ::-1] if flipped else c, 0, 1), np.float32) for c in cut
    ]


def _damage(
    rng: np.random.Generator, shapes: ShapeSource, *, fine: bool
) -> tuple[DamagedFilm, FilmFrame]:
    drawn = draw_damage(rng, HEIGHT, WIDTH, fine=fine)
    beside = drawn.recipe if rng.random() < 0.5 else RecipeSettings()
    width = _log_uniform(rng, *((8, 30) if fine else (15, 45)))
    scratch = ScratchSettings(
        present=_log_uniform(rng, 1.5, 7),
        colored=float(rng.choice([0.0, 0.4])),
        faintest=0.04,
        width=width * max(1.0, drawn.frame.um_per_px / 14),
        broken=float(rng.uniform(0.2, 0.6)),
        wander=_log_uniform(rng, 10, 60),
    )
    recipe = beside.model_copy(update={"scratch": scratch})
    return DamagedFilm(recipe, seed=int(rng.integers(1 << 60)), shapes=shapes), drawn.frame


def _gate(rng: np.random.Generator) -> Picture:
    """(1, WIDTH, 1) what of the light passes: 1, and 0 beside a scanner's gate."""
    passes = np.ones(WIDTH, np.float32)
    if rng.random() < _GATED:
        places = np.arange(WIDTH)
        soft = _log_uniform(rng, 0.3, 3.0)
        for edge in (places, places[::-1]):
            if rng.random() < 0.7:
                passes *= np.clip((edge - _log_uniform(rng, *_GATE)) / soft, 0, 1)
    return np.asarray(passes[None, :, None], np.float32)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _plate(step: int, pixels: Picture) -> Plate:
    box = Box.of_size(WIDTH, HEIGHT)
    return Plate(REACH + step, pixels.copy(), box, np.ones((HEIGHT, WIDTH), np.bool_))
