"""What lasts over many frames: births that are the same from whichever frame one looks."""

from __future__ import annotations

from dataclasses import dataclass

from filmrestore_core.noise import generator

# Births are drawn for blocks of this many frames.
BLOCK = 64


@dataclass(frozen=True, slots=True)
class Life:
    """Something that is there from frame `first` to frame `last`.

    Attributes:
        key: with the seed, the source of all its other numbers.
        first: frame number.
        last: frame number, included.
    """

    key: tuple[int | str, ...]
    first: int
    last: int


def alive(seed: int, kind: str, number: int, *, present: float, frames: float) -> list[Life]:
    """What of a kind is there on frame `number`: a Poisson process of births.

    Args:
        seed: the recipe's seed.
        kind: name of the kind.
        number: frame number.
        present: how many are there at a time, on average.
        frames: how many frames each lasts, on average (gamma of shape 2, at most eight times that).
    """
    if present <= 0:
        return []
    longest = max(1, round(8 * frames))
    found = []
    for block in range((number - longest) // BLOCK, number // BLOCK + 1):
        rng = generator(seed, kind, "births", block)
        for index in range(int(rng.poisson(present * BLOCK / frames))):
            first = block * BLOCK + int(rng.integers(BLOCK))
            lasts = min(longest, max(1, round(float(rng.gamma(2.0, frames / 2)))))
            if first <= number < first + lasts:
                found.append(Life((kind, block, index), first, first + lasts - 1))
    return found
