"""Planes whose first fill gives way to a better one."""

from __future__ import annotations

import torch
from torch import Tensor

from filmrestore_core.inpaint.planes import FIRST, LENT, MATTE


def rebased(planes: Tensor, fill: Tensor) -> Tensor:
    """The planes as `inpaint.planes.fill_planes` would give them from that fill.

    Args:
        planes: (N, P, H, W), planes of inpaint.planes and perhaps further ones.
        fill: (N, 3, H, W) plate units; it is taken where the matte is above 0.

    Returns:
        (N, P, H, W); neighbours that the window lacks differ from the new fill nowhere, as before.
    """
    hole = (planes[:, MATTE : MATTE + 1] > 0).to(planes.dtype)
    change = hole * (fill - planes[:, FIRST])
    made = planes.clone()
    made[:, FIRST] += change
    for start in range(LENT.start, LENT.stop, 3):
        part = slice(start, start + 3)
        there = (planes[:, part] != 0).flatten(1).any(dim=1).to(planes.dtype)
        made[:, part] -= there.view(-1, 1, 1, 1) * change
    return made


def steps_planes(condition: Tensor, noised: Tensor, t: Tensor) -> Tensor:
    """(N, 33, H, W) planes of a step of inpaint.sampler.

    Args:
        condition: (N, 29, H, W).
        noised: (N, 3, H, W), x_t.
        t: (N,) in 0..1.
    """
    time = t.view(-1, 1, 1, 1).expand(-1, 1, *condition.shape[-2:])
    return torch.cat([noised, time, condition], dim=1)
