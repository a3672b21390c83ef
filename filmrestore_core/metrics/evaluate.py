"""Restorers run over cases of known truth -> what was measured of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.matte import DamageClass
from filmrestore_core.metrics.curves import ScoreCounts
from filmrestore_core.metrics.detection import (
    RIM,
    count_pixels,
    false_objects,
    grown,
    object_outcomes,
)
from filmrestore_core.metrics.fidelity import low_passed_error, squared_error, ssim_map
from filmrestore_core.metrics.grain import frozen_grain, grain_energy
from filmrestore_core.metrics.measured import COLUMNS, ClassPixels, Measured, SecondPass
from filmrestore_core.metrics.stability import warped_difference
from filmrestore_core.metrics.tables import document_of, objects_table, rows_table
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.warp import warp_field
from filmrestore_core.temporal.window import AlignedNeighbor, TemporalWindow

# A neighbour says something about a pixel where its motion can be trusted this far.
_TRUSTED = 0.5
# Coverage from which a pixel counts as replaced.
_COVERED = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationCase:
    """Consecutive frames of one shot with the truth about them.

    Attributes:
        name: what to call it in the table.
        damaged: (H, W, C) float32 each, code values 0 to 1.
        clean: the same frames undamaged, grain included.
        truth: for each frame class -> (H, W) bool, visible damage; empty for a clean frame.
        faint: for each frame (H, W) bool, damage too faint to be seen.
        first: frame number of the first.
        group: cases of one group are also added up by themselves ("clean", "heavy", ...).
    """

    name: str
    damaged: Sequence[NDArray[np.float32]]
    clean: Sequence[NDArray[np.float32]]
    truth: Sequence[Mapping[DamageClass, NDArray[np.bool_]]]
    faint: Sequence[NDArray[np.bool_]]
    first: int = 0
    group: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class RestoredPicture:
    """What a restorer made of one frame.

    Attributes:
        pixels: (H, W, C) float32.
        coverage: (H, W) float32 0 to 1, what it replaced.
        score: (H, W) float32 0 to 1, how surely each pixel is damage; None where it has none.
    """

    pixels: NDArray[np.float32]
    coverage: NDArray[np.float32]
    score: NDArray[np.float32] | None = None


SequenceRestorer = Callable[[EvaluationCase], Sequence[RestoredPicture]]
"""Restores a case's damaged frames, one picture for each. An honest one looks at nothing else of
the case; one that fills given mattes may look at the truth."""


@dataclass(slots=True, eq=False)
class Evaluation:
    """What was measured.

    Attributes:
        cases: name -> its sums.
        groups: group -> sums over its cases.
        total: sums over all.
    """

    cases: dict[str, Measured] = field(default_factory=dict)
    groups: dict[str, Measured] = field(default_factory=dict)
    total: Measured = field(default_factory=Measured)

    def to_json(self) -> str:
        """All tables, NaN as null."""
        return json.dumps({"columns": COLUMNS, **self.document()}, indent=1)

    def document(self) -> dict[str, Any]:
        """Figures of cases, groups and total as plain values, NaN as None."""
        return {
            "cases": {name: document_of(m) for name, m in self.cases.items()},
            "groups": {name: document_of(m) for name, m in self.groups.items()},
            "total": document_of(self.total),
        }

    def to_markdown(self, columns: Sequence[str] = tuple(COLUMNS)) -> str:
        """A line for each case, group and the total, then found objects by class and size.

        Args:
            columns: which of COLUMNS, in this order.
        """
        rows = {**self.cases, **{f"**{name}**": m for name, m in self.groups.items()}}
        lines = rows_table("case", {**rows, "**all**": self.total}, columns)
        return "\n".join([*lines, "", *objects_table(self.total)]) + "\n"


@dataclass(frozen=True, slots=True)
class Contender:
    """A restorer among others.

    Attributes:
        restorer: called once for each case.
        scorer: how surely each pixel is damage, apart from restoring and its time, None for a frame
            that is not scored; None where the restorer has no scores, or gives them itself.
        finds: whether it finds damage by itself; False where it is told.
    """

    restorer: SequenceRestorer
    scorer: Callable[[EvaluationCase], Sequence[NDArray[np.float32] | None]] | None = None
    finds: bool = True


def evaluate(
    cases: Iterable[EvaluationCase], restorer: SequenceRestorer, *, temporal: bool = True
) -> Evaluation:
    """Run a restorer over cases and measure it.

    Args:
        cases: one is held at a time.
        restorer: called once for each case.
        temporal: also measure frozen grain and flicker; needs motion, which takes longest.

    Raises:
        ValueError: the restorer gives another number of pictures, or pictures of another size.
    """
    return compare(cases, {"": Contender(restorer)}, temporal=temporal)[""]


def compare(
    cases: Iterable[EvaluationCase],
    contenders: Mapping[str, Contender],
    *,
    temporal: bool = True,
    twice: Callable[[EvaluationCase], bool] | None = None,
    done: Callable[[str, str, Measured], None] | None = None,
) -> dict[str, Evaluation]:
    """Run several restorers over the same cases and measure them.

    Args:
        cases: one is held at a time.
        contenders: name -> restorer.
        temporal: also measure frozen grain and flicker.
        twice: of which cases the results of those that find damage are restored once more.
        done: called with case, contender and figures as soon as they are there.

    Raises:
        ValueError: as `evaluate`.
    """
    found = {name: Evaluation() for name in contenders}
    for case in cases:
        motion, again = CleanMotion(case), twice is not None and twice(case)
        for name, contender in contenders.items():
            measured = _measure(case, contender, motion if temporal else None, twice=again)
            evaluation = found[name]
            evaluation.cases[case.name] = measured
            if case.group:
                evaluation.groups.setdefault(case.group, Measured()).add(measured)
            evaluation.total.add(measured)
            if done is not None:
                done(case.name, name, measured)
    return found


def _measure(
    case: EvaluationCase, contender: Contender, motion: CleanMotion | None, *, twice: bool
) -> Measured:
    start = time.perf_counter()
    restored = _pictures(case, contender.restorer)
    measured = Measured(seconds=time.perf_counter() - start)
    if contender.scorer is not None:
        scores = contender.scorer(case)
        restored = [replace(p, score=s) for p, s in zip(restored, scores, strict=True)]
    for i, picture in enumerate(restored):
        measured.add(measure_frame(case, i, picture))
    if motion is not None:
        _measure_time(case, restored, measured, motion)
    if twice and contender.finds:
        again = _pictures(replace(case, damaged=[p.pixels for p in restored]), contender.restorer)
        for one, two in zip(restored, again, strict=True):
            change = np.abs(two.pixels - one.pixels).max(axis=-1)
            here = SecondPass(
                int(np.sum(change > 0)), float(change.sum(dtype=np.float64)), change.size
            )
            measured.again = here if measured.again is None else measured.again + here
    return measured


def _pictures(case: EvaluationCase, restorer: SequenceRestorer) -> Sequence[RestoredPicture]:
    restored = restorer(case)
    if len(restored) != len(case.damaged):
        raise ValueError(f"{case.name}: {len(restored)} pictures for {len(case.damaged)} frames.")
    for i, picture in enumerate(restored):
        if picture.pixels.shape != case.damaged[i].shape:
            raise ValueError(
                f"{case.name}, frame {case.first + i}: a picture of {picture.pixels.shape} "
                f"came for one of {case.damaged[i].shape}."
            )
    return restored


def measure_frame(case: EvaluationCase, index: int, picture: RestoredPicture) -> Measured:
    """What can be measured of one frame by itself.

    Args:
        case: with the truth.
        index: place of the frame in the case.
        picture: what the restorer made of it.
    """
    damaged, clean = case.damaged[index], case.clean[index]
    truth, faint = case.truth[index], case.faint[index]
    hole = holes(truth, damaged.shape[:2])
    predicted = picture.coverage >= _COVERED
    changed = np.any(picture.pixels != damaged, axis=-1)
    measured = Measured(frames=1)
    measured.pixels = count_pixels(predicted, hole, ignored=faint)
    measured.objects = object_outcomes(predicted, truth)
    near = grown(predicted, RIM)
    measured.class_pixels = {
        name: ClassPixels(int(np.sum(plane & near)), int(plane.sum()))
        for name, plane in truth.items()
    }
    measured.false_objects = false_objects(predicted, hole, ignored=faint)
    # A soft rim is part of a repair: one pixel more than the detection's own.
    measured.changed = int(np.sum(changed & ~grown(hole | faint, RIM + 1)))
    if picture.score is not None:
        measured.scores = ScoreCounts()
        measured.scores.add(picture.score, hole, ignored=faint)
    if hole.any():
        measured.damaged_error = squared_error(damaged, clean, hole)
        measured.hole_error = squared_error(picture.pixels, clean, hole)
        measured.low_error = low_passed_error(picture.pixels, clean, hole)
        similar = ssim_map(picture.pixels, clean)[hole]
        measured.ssim_total = float(similar.sum(dtype=np.float64))
        measured.ssim_pixels = int(similar.size)
        filled = hole & predicted
        measured.filled_error = squared_error(picture.pixels, clean, filled)
        measured.low_filled_error = low_passed_error(picture.pixels, clean, filled)
        measured.grain = grain_energy(picture.pixels, clean, filled)
    return measured


def holes(
    truth: Mapping[DamageClass, NDArray[np.bool_]], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """(H, W) bool: visible damage of any class."""
    hole = np.zeros(shape, np.bool_)
    for plane in truth.values():
        hole |= plane
    return hole


class CleanMotion:
    """Neighbours of a case's clean frames brought onto them, looked for once for all contenders."""

    def __init__(self, case: EvaluationCase) -> None:
        """Nothing is computed before it is asked for."""
        self._case = case
        self._found: dict[tuple[int, int], AlignedNeighbor] = {}

    def neighbor(self, index: int, other: int) -> AlignedNeighbor:
        """Clean frame `other` on clean frame `index`."""
        if (index, other) not in self._found:
            clean = self._case.clean
            self._found[index, other] = _aligned(clean[index], clean[other])
        return self._found[index, other]


def _measure_time(
    case: EvaluationCase,
    restored: Sequence[RestoredPicture],
    measured: Measured,
    motion: CleanMotion,
) -> None:
    """Frozen grain against both neighbours, flicker against the one before, in what was filled.

    The motion is that of the clean frames.
    """
    last = len(restored) - 1
    for i in range(last + 1):
        hole = holes(case.truth[i], case.damaged[i].shape[:2])
        filled = hole & (restored[i].coverage >= _COVERED)
        if not filled.any():
            continue
        now, clean = restored[i].pixels, case.clean[i]
        if i > 0:
            before = motion.neighbor(i, i - 1)
            seen = filled & (before.validity >= _TRUSTED)
            measured.frozen_before += frozen_grain(now, clean, before.pixels, seen)
            moved = warp_field(restored[i - 1].pixels, before.flow, kind="cubic")
            # As it was warped, before its brightness was matched.
            real = warp_field(case.clean[i - 1], before.flow, kind="cubic")
            measured.steady += warped_difference(now, moved, clean, real, seen)
        if i < last:
            after = motion.neighbor(i, i + 1)
            seen = filled & (after.validity >= _TRUSTED)
            measured.frozen_after += frozen_grain(now, clean, after.pixels, seen)


def _aligned(center: NDArray[np.float32], neighbor: NDArray[np.float32]) -> AlignedNeighbor:
    """The neighbour on the center, both clean."""
    plates = [
        Plate(
            number,
            pixels.copy(),
            Box.of_size(*pixels.shape[1::-1]),
            np.ones(pixels.shape[:2], np.bool_),
        )
        for number, pixels in enumerate((neighbor, center))
    ]
    return align(TemporalWindow(plates[1], (plates[0],))).neighbors[0]
