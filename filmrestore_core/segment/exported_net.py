"""ExportedSegmenter: any exported net that says where a frame is damaged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.errors import ModelContractError
from filmrestore_core.matte import DamageClass, DamageMap
from filmrestore_core.models.card import ModelCard, Task
from filmrestore_core.plate import Plate
from filmrestore_core.runtime.session import Session
from filmrestore_core.runtime.tiles import run_cut
from filmrestore_core.segment.planes import OFFSETS, PLANES, noise_of, planes_of
from filmrestore_core.settings import DetectSettings
from filmrestore_core.temporal.window import AlignedWindow

# How many logits the slider of motion protection moves a score that lies in bad motion.
PROTECTION = 4.0
# Beside a black or white frame, whose brightness was matched away, nothing is a witness.
_LEAST_ALIKE = 0.25
_COARSE = slice(None, None, 4)
# Scores at the ends have no logit.
_LEAST = 1e-6


class ExportedSegmenter:
    """Finds damage with a net; the same net serves every thread."""

    def __init__(self, session: Session, settings: DetectSettings) -> None:
        """Build a segmenter.

        Args:
            session: the net. Its card's calibration may hold "pivot", the score that counts as an
                even chance at sensitivity 0.5, and "pivot_one_side" and "pivot_alone" for frames
                with neighbours on one side only or none; a pivot of 1 finds nothing there.
            settings: radius and motion protection are used here; the rest by `refine`.

        Raises:
            ModelContractError: the net is no segmenter, or sees planes that are not known.
        """
        card = session.card
        if card.task is not Task.SEGMENT or card.planes not in PLANES:
            raise ModelContractError(
                f"{card.name} is a net for '{card.task.value}' with planes '{card.planes}'; a "
                f"detector is one for 'segment' with {', '.join(PLANES)}."
            )
        self._session, self._settings, self._card = session, settings, card
        self._reach = min(settings.radius, card.temporal.size // 2)

    @property
    def card(self) -> ModelCard:
        """The net's card."""
        return self._card

    @property
    def radius(self) -> int:
        """How many frames on each side it wants to see."""
        return self._reach

    @property
    def classes(self) -> tuple[DamageClass, ...]:
        """The classes it can tell."""
        return self._card.classes

    def raw_scores(self, window: AlignedWindow) -> NDArray[np.float32]:
        """(K, H, W) float32 0..1, the net's own scores, in the order of the card's classes.

        Raises:
            DeviceError: the device failed.
        """
        box = window.center.box
        noise = noise_of(window)

        def cut(part: Box, into: NDArray[np.float32]) -> None:
            rows, columns = slice(part.y, part.bottom), slice(part.x, part.right)
            planes_of(window, self._card.planes, rows, columns, noise=noise, into=into)

        return run_cut(self._session, cut, shape=box.shape, box_origin=(box.x, box.y)).output

    def segment(self, window: AlignedWindow) -> DamageMap:
        """Scores for the window's center frame.

        Raises:
            DeviceError: the device failed.
        """
        box = window.center.box
        pivot = _pivot(self._card, window)
        if pivot >= 1.0:
            return DamageMap(window.center.number, {}, box)
        found = self.raw_scores(window)
        doubt = (self._settings.motion_protection - 0.5) * PROTECTION
        shift = np.float32(-np.log(pivot / (1.0 - pivot)))
        lost = ~window.center.finite
        unsure = None if doubt == 0.0 else _unsure(window)
        scores = {}
        for damage_class, plane in zip(self._card.classes, found, strict=True):
            moved = (
                plane if shift == 0.0 and unsure is None else _moved(plane, shift, doubt, unsure)
            )
            if lost.any():
                moved[lost] = 0.0
            scores[damage_class] = np.ascontiguousarray(moved, np.float32)
        return DamageMap(window.center.number, scores, box)


def has_witnesses(window: AlignedWindow) -> bool:
    """True where two neighbours at least show the frame's picture: they can agree."""
    return len(_witnesses(window)) >= 2


def _witnesses(window: AlignedWindow) -> list[int]:
    """Offsets of the neighbours that show the same picture."""
    contrast = _contrast(window.center)
    raw = {p.number - window.center.number: p for p in window.window.neighbors}
    return [o for o, p in raw.items() if o in OFFSETS and _alike(_contrast(p), contrast)]


def _pivot(card: ModelCard, window: AlignedWindow) -> float:
    """The score that counts as an even chance, by what neighbours there are."""
    pivot = card.calibration.get("pivot", 0.5)
    offsets = _witnesses(window)
    if not offsets:
        return card.calibration.get("pivot_alone", pivot)
    if min(offsets) > 0 or max(offsets) < 0:
        return card.calibration.get("pivot_one_side", pivot)
    return pivot


def _contrast(plate: Plate) -> float:
    return float(plate.pixels[_COARSE, _COARSE].std())


def _alike(one: float, other: float) -> bool:
    return min(one, other) >= _LEAST_ALIKE * max(one, other)


def _moved(
    plane: NDArray[np.float32],
    shift: np.float32,
    doubt: float,
    unsure: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """Scores whose logits are moved; nearly all are 0 and stay so."""
    result = np.zeros_like(plane)
    at = np.flatnonzero(plane > 1e-3)
    few = np.clip(plane.ravel()[at], _LEAST, 1.0 - _LEAST)
    logit = np.log(few / (1.0 - few)) + shift
    if unsure is not None:
        logit -= np.float32(doubt) * unsure.ravel()[at]
    result.ravel()[at] = 1.0 / (1.0 + np.exp(-logit))
    return result


def _unsure(window: AlignedWindow) -> NDArray[np.float32]:
    """(H, W) float32 0..1: how little the surroundings' motion is to be trusted."""
    import cv2

    nearest = sorted(window.neighbors, key=lambda n: (abs(n.offset), n.offset))[:2]
    if not nearest:
        return np.ones(window.center.box.shape, np.float32)
    trust = np.stack([n.validity for n in nearest]).mean(axis=0)
    return np.asarray(1.0 - cv2.boxFilter(np.asarray(trust, np.float32), -1, (15, 15)), np.float32)
