"""Which hard negative a made-up scene has: what looks like damage and is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.synth.negatives.kinds import NegativeKind
from filmrestore_core.synth.negatives.registry import add_negative

Picture = NDArray[np.float32]

_OFTEN = 0.5


def draw_negative(rng: np.random.Generator) -> NegativeKind | None:
    """One of the kinds, or none."""
    kinds = list(NegativeKind)
    kind = kinds[int(rng.integers(len(kinds)))]
    return kind if rng.random() < _OFTEN else None


def with_negative(
    kind: NegativeKind | None,
    pictures: Sequence[Picture],
    *,
    seed: int,
    after_grain: bool,
    other: Callable[[], Sequence[Picture]],
) -> list[Picture]:
    """The pictures with it, where now is its turn.

    Args:
        kind: what.
        pictures: consecutive.
        seed: chooses how.
        after_grain: whether the pictures have their grain.
        other: gives as many pictures of another shot.
    """
    if kind is None or kind.after_grain != after_grain:
        return list(pictures)
    cut = other() if kind is NegativeKind.CUT else None
    return add_negative(kind, pictures, seed=seed, other=cut)
