"""The same input through torch and through ONNX Runtime: how far the answers lie apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import ModelContractError
from filmrestore_core.models.card import ModelCard

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(P, H, W) float32 -> (K, H, W) float32."""


@dataclass(frozen=True, slots=True)
class Parity:
    """Differences over all inputs and sizes that were tried.

    Attributes:
        largest: the largest difference of one sample.
        mean: the mean absolute difference.
        sizes: (H, W) of the inputs.
    """

    largest: float
    mean: float
    sizes: tuple[tuple[int, int], ...]

    def values(self) -> dict[str, Any]:
        """Plain values, for a card."""
        sizes = [f"{width}x{height}" for height, width in self.sizes]
        return {"largest": self.largest, "mean": self.mean, "sizes": sizes}


def compare(
    one: Run, other: Run, *, channels: int, sizes: Sequence[tuple[int, int]], seed: int = 0
) -> Parity:
    """Run both on the same seeded inputs.

    Three inputs of each size: values over the whole range, small differences around zero, as
    aligned neighbours have, and flat black and white, where kernels often go apart.

    Args:
        one: the first.
        other: the second.
        channels: planes of an input.
        sizes: (H, W) of the inputs.
        seed: of the inputs.

    Raises:
        ModelContractError: an answer is not finite, or the shapes differ.
    """
    largest, total, count = 0.0, 0.0, 0
    for at, (height, width) in enumerate(sizes):
        for planes in _inputs((channels, height, width), seed + at):
            first, second = one(planes), other(planes)
            if first.shape != second.shape:
                raise ModelContractError(
                    f"At {width} x {height} one gives {first.shape}, the other {second.shape}."
                )
            apart = np.abs(first.astype(np.float64) - second)
            if not np.isfinite(apart).all():
                raise ModelContractError(f"At {width} x {height} an answer is not finite.")
            largest = max(largest, float(apart.max()))
            total, count = total + float(apart.sum()), count + apart.size
    return Parity(largest, total / max(count, 1), tuple(sizes))


def require(parity: Parity, bound: float, card: ModelCard, *, what: str) -> None:
    """Refuse a file that does not compute what it should.

    Raises:
        ModelContractError: the largest difference is above the bound.
    """
    if parity.largest > bound:
        raise ModelContractError(
            f"{card.name}: {what} differ by up to {parity.largest:.2e} (mean {parity.mean:.2e}), "
            f"more than the {bound:.2e} allowed."
        )


def _inputs(shape: tuple[int, int, int], seed: int) -> list[NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    flat = np.zeros(shape, np.float32)
    flat[:, :, shape[2] // 2 :] = 1.0
    return [
        random.random(shape, np.float32),
        (random.standard_normal(shape) * 0.05).astype(np.float32),
        flat,
    ]
