"""NegativePlan: hard negatives over a whole film, each kind for a stretch of frames in turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.synth.film import DamagedFilm, DamagedFrame, FilmedPicture
from filmrestore_core.synth.negatives.kinds import NegativeKind
from filmrestore_core.synth.negatives.registry import add_negative

# Frames of a stretch; they are held in memory together.
STRETCH = 8

Picture = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NegativePlan:
    """Which hard negatives a film has.

    Attributes:
        kinds: they take turns, a stretch of frames each; empty for none.
        seed: chooses how they look.
        stretch: frames; stretches begin at multiples of it.
    """

    kinds: tuple[NegativeKind, ...] = ()
    seed: int = 0
    stretch: int = STRETCH

    def kind_of(self, number: int) -> NegativeKind | None:
        """What is on a frame."""
        if not self.kinds:
            return None
        return self.kinds[number // self.stretch % len(self.kinds)]


def damaged_frames(
    plates: Iterable[tuple[int, Picture]], film: DamagedFilm, plan: NegativePlan
) -> Iterator[DamagedFrame]:
    """Damaged frames with hard negatives on them, which are no damage.

    What happens before the camera is added to the plates; what happens to a copy (noise bursts,
    repeats, blocks) to the pictures on film, before damage.

    Args:
        plates: (frame number, (H, W, 1 or 3) float32 code values 0 to 1), consecutive frames.
        film: recipe, seed and shapes.
        plan: which negatives.
    """
    if not plan.kinds:
        for number, pixels in plates:
            yield film.frame(pixels, number)
        return
    for block, group in groupby(plates, lambda item: item[0] // plan.stretch):
        numbers, pictures = zip(*group, strict=True)
        kind, seed = plan.kind_of(numbers[0]), plan.seed + block
        if kind is not None and not kind.after_grain:
            pictures = tuple(add_negative(kind, pictures, seed=seed))
        filmed = [film.filmed(p, n) for n, p in zip(numbers, pictures, strict=True)]
        if kind is not None and kind.after_grain:
            filmed = _to_copies(kind, filmed, seed)
        for number, picture in zip(numbers, filmed, strict=True):
            yield film.damage(picture, number)


def _to_copies(
    kind: NegativeKind, filmed: Sequence[FilmedPicture], seed: int
) -> list[FilmedPicture]:
    pixels = add_negative(kind, [f.pixels for f in filmed], seed=seed)
    scenes = [f.scene for f in filmed]
    if kind is NegativeKind.REPEATS:
        # The same frames are repeated: the scene beneath the grain goes with them.
        scenes = add_negative(kind, scenes, seed=seed)
    return [FilmedPicture(s, p) for s, p in zip(scenes, pixels, strict=True)]
