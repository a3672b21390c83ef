"""Candidate: a way of filling that takes part in the comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What a candidate puts into a crop.

    Attributes:
        pixels: (3, h, w) float32, plate units; it counts inside the matte only.
        grain_kept: the share of full grain that it carries already, 0 to 1, one number or (h, w).
    """

    pixels: Planes
    grain_kept: float | Planes = 0.0


Fill = Callable[[Planes, tuple[int, int]], Proposal]
"""((29, h, w) planes of inpaint.planes, key of the crop) -> proposal; the key seeds its noise."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way of filling.

    Attributes:
        name: in the tables.
        fill: does it.
        identity: all that its figures depend on beside the crop.
        parameters: how many weights; None where it has none.
        about: what it is, in half a sentence.
        slow: whether it is run on few crops only.
    """

    name: str
    fill: Fill
    identity: dict[str, Any]
    parameters: int | None = None
    about: str = ""
    slow: bool = False
