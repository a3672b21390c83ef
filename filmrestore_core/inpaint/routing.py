"""Which way each hole is filled: the one place that decides it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.matte import DamageClass, Matte
from filmrestore_core.settings import ClassRepair, RepairMethod, RepairSettings

Mask = NDArray[np.bool_]

# Fewer unseen pixels than this make no hole unseen.
SMALLEST = 16

_PLAIN, _NET, _DIFFUSION = 0, 1, 2
_BY_METHOD = {RepairMethod.AUTO: _NET, RepairMethod.NET: _NET, RepairMethod.DIFFUSION: _DIFFUSION}
_LIFTING = (RepairMethod.AUTO, RepairMethod.NET, RepairMethod.CLASSICAL)
_BY_CLASS = {ClassRepair.NET: _NET, ClassRepair.DIFFUSION: _DIFFUSION}


@dataclass(frozen=True, slots=True, eq=False)
class Routes:
    """Who betters which of the filled pixels.

    Attributes:
        net: (H, W) bool, those that the net betters; it holds `diffusion`, which starts from it.
        diffusion: (H, W) bool, those that diffusion draws after it.
    """

    net: Mask
    diffusion: Mask


def routes_of(matte: Matte, first: Fill, settings: RepairSettings) -> Routes:
    """Who betters which pixels of a first fill.

    The method says what is done with all; with auto large and unseen holes go to diffusion, as the
    settings have it. What is said for a class of damage goes before.

    Args:
        matte: of the frame; says which class a pixel belongs to.
        first: by neighbours and surroundings, with its methods.
        settings: method, sizes and choices by class.
    """
    way = np.full(first.filled.shape, _BY_METHOD.get(settings.method, _PLAIN), np.uint8)
    if settings.method is RepairMethod.AUTO:
        way[_left_to_diffusion(first, settings)] = _DIFFUSION
    for damage_class, choice in settings.by_class.items():
        way[matte.labels == damage_class.label] = _BY_CLASS.get(choice, _PLAIN)
    return Routes(first.filled & (way >= _NET), first.filled & (way == _DIFFUSION))


def only_neighbors(matte: Matte, settings: RepairSettings) -> Mask:
    """(H, W) bool: the pixels that may be filled by neighbours only, by their class or by all's."""
    everywhere = settings.method is RepairMethod.TEMPORAL
    only = np.full(matte.box.shape, everywhere, np.bool_)
    for damage_class, choice in settings.by_class.items():
        only[matte.labels == damage_class.label] = choice is ClassRepair.TEMPORAL
    return only


def may_lift(settings: RepairSettings) -> bool:
    """Whether scratches that the picture shines through may be lifted off instead of replaced."""
    return settings.method in _LIFTING and DamageClass.SCRATCH not in settings.by_class


def wants_net(settings: RepairSettings) -> bool:
    """Whether any hole may be the net's."""
    ways = (_BY_METHOD.get(settings.method, _PLAIN), *_class_ways(settings))
    return max(ways) >= _NET


def may_want_diffusion(settings: RepairSettings) -> bool:
    """Whether any hole may be left to diffusion."""
    if settings.method is RepairMethod.AUTO and (
        settings.large_from is not None or settings.unseen_from is not None
    ):
        return True
    return needs_diffusion(settings)


def needs_diffusion(settings: RepairSettings) -> bool:
    """Whether diffusion is asked for by name, for all holes or those of a class."""
    ways = (_BY_METHOD.get(settings.method, _PLAIN), *_class_ways(settings))
    return max(ways) == _DIFFUSION


def large_or_unseen(
    filled: Mask,
    by_neighbors: Mask,
    *,
    large_from: float | None,
    unseen_from: float | None,
) -> Mask:
    """(H, W) bool: the filled pixels of holes that are large, or that neighbours do not show.

    Args:
        filled: (H, W) bool; its 8-connected pieces are the holes.
        by_neighbors: (H, W) bool, pixels that neighbours filled.
        large_from: px, a hole from this size on is large; None: none is.
        unseen_from: share of a hole, 0..1, from which on it is unseen, if 16 px or more lack;
            None: none is.
    """
    import cv2

    count, labels = cv2.connectedComponents(filled.astype(np.uint8), connectivity=8)
    area = np.bincount(labels[filled], minlength=count)
    unseen = np.bincount(labels[filled & ~by_neighbors], minlength=count)
    taken = np.zeros(count, np.bool_)
    if large_from is not None:
        taken |= area >= large_from
    if unseen_from is not None:
        taken |= (unseen >= unseen_from * area) & (unseen >= SMALLEST)
    return np.asarray(filled & taken[labels], np.bool_)


def _left_to_diffusion(first: Fill, settings: RepairSettings) -> Mask:
    if first.methods is None or not may_want_diffusion(settings):
        return np.zeros(first.filled.shape, np.bool_)
    return large_or_unseen(
        first.filled,
        first.methods == FILL_METHODS.index("temporal"),
        large_from=settings.large_from,
        unseen_from=settings.unseen_from,
    )


def _class_ways(settings: RepairSettings) -> tuple[int, ...]:
    if settings.method in (RepairMethod.SPATIAL, RepairMethod.NONE):
        return ()
    return tuple(_BY_CLASS.get(choice, _PLAIN) for choice in settings.by_class.values())
