"""Marks of made-up windows, each known to be damage or picture, and crops of some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from filmrestore_core.learning.judge.candidates import (
    DAMAGE,
    NEITHER,
    PICTURE,
    Candidates,
    WindowFacts,
    together,
)
from filmrestore_core.learning.judge.clips import REACH
from filmrestore_core.learning.judge.made_windows import detector_of, sources_of, window_key
from filmrestore_core.learning.judge.workers import in_order
from filmrestore_core.learning.marks.crop_shelf import CropShelf
from filmrestore_core.learning.samples.filmed_window import FilmedWindow, film_window
from filmrestore_core.segment.classical import ClassicalSegmenter
from filmrestore_core.segment.combined import highest_of, trust_of
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.segment.mark_crops import CROP_PLANES, SIDE, crops_of
from filmrestore_core.segment.mark_measure import MARK_COLUMNS, MeasuredMarks, measure_marks
from filmrestore_core.segment.spike import find_spikes
from filmrestore_core.settings import DetectSettings
from filmrestore_core.temporal.align import align

# A mark is damage when more than this of it is, and picture when less than that is.
_DAMAGE, _PICTURE = 0.5, 0.1
_ONE_SIDE = ((-2, -1), (1, 2))
# So many crops are kept of each look at a window.
_PICTURE_CROPS, _DAMAGE_CROPS = 120, 120
# Where one of these changes, kept files are stale; the rest stands in code_digest.
_FILES = (
    "learning/judge/made_windows.py",
    *(f"segment/{name}" for name in ("classical.py", "mark_measure.py", "judge_both_sides.json")),
    *(f"segment/{name}" for name in ("judge_one_side.json", "spike_planes.py", "planes.py")),
    "segment/mark_crops.py",
    *(
        f"learning/samples/{name}.py"
        for name in ("damage", "filmed_window", "negatives", "sources")
    ),
    "learning/marks/examples.py",
)


@dataclass(frozen=True, slots=True)
class MarkPlan:
    """Which marks are looked at.

    Attributes:
        data: folder with clean/video, clean/stills and damage.
        net: the detector's .onnx, whose judges these will be.
        apart: series of clips that are not used.
        windows: how many made-up windows; every second one has finer damage, and every third one
            is of plain footage, on which alone the operating point is chosen.
        seed: of everything random; training scenes use others.
        validation: whether they are of the clips and shapes kept apart, not of the others.
    """

    data: Path
    net: Path
    apart: tuple[str, ...]
    windows: int
    seed: int
    validation: bool = False


def mark_examples(
    plan: MarkPlan,
    folder: Path,
    *,
    workers: int = 1,
    done: Callable[[int, int], None] = lambda at, of: None,
) -> tuple[Candidates, CropShelf]:
    """The marks of all windows and crops of them; what an earlier run left there is read.

    Args:
        plan: which.
        folder: where each window's marks are kept.
        workers: processes; they change nothing but the time.
        done: called with (windows done, windows in all).

    Raises:
        ModelError: the net cannot be read.
        SettingsError: the data do not suffice.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = _key(plan)
    jobs = [(plan, index, folder, key) for index in range(plan.windows)]
    made = []
    for found in in_order(_one, jobs, workers):
        made.append(found)
        done(len(made), plan.windows)
    paths = [_path(folder, index) for index in range(plan.windows)]
    return together(made), CropShelf.of(paths, [len(m.label) for m in made])


@dataclass(frozen=True, slots=True, eq=False)
class WindowMarks:
    """What is known of a window's marks.

    Attributes:
        marks: all of them.
        crops: (M, C, SIDE, SIDE) float32, see segment.mark_crops.
        shown: (M,) which of the marks each crop shows.
    """

    marks: Candidates
    crops: NDArray[np.float32]
    shown: NDArray[np.int64]


def window_marks(
    made: FilmedWindow, net: ExportedSegmenter, facts: WindowFacts, *, one_side: int
) -> WindowMarks:
    """The marks of a window, damaged and undamaged, with all its neighbours and with one side.

    Args:
        made: five frames.
        net: the detector.
        facts: about the window; both_sides and damaged are filled in here.
        one_side: 0 for the neighbours before, 1 for those after.
    """
    rim = made.seen / 2
    truth = made.change[REACH] > rim
    parts: list[WindowMarks] = []
    for window, damaged in (
        (made, True),
        (replace(made, held=made.clean), False),
    ):
        for side, offsets in enumerate((made.offsets, _ONE_SIDE[one_side])):
            seen = replace(window, offsets=offsets)
            rng = np.random.default_rng([facts.number, damaged, side])
            known = replace(facts, damaged=damaged)
            parts.append(_marks(seen, truth & damaged, net, known, rng))
    starts = np.cumsum([0, *(len(p.marks.label) for p in parts)])
    return WindowMarks(
        together([p.marks for p in parts]),
        np.concatenate([p.crops for p in parts]),
        np.concatenate([p.shown + start for p, start in zip(parts, starts, strict=False)]),
    )


def _marks(
    made: FilmedWindow,
    truth: NDArray[np.bool_],
    net: ExportedSegmenter,
    facts: WindowFacts,
    rng: np.random.Generator,
) -> WindowMarks:
    none = np.zeros(0, np.int64)
    no_crops = np.zeros((0, 2 * len(CROP_PLANES), SIDE, SIDE), np.float32)
    empty = Candidates(
        np.zeros((0, len(MARK_COLUMNS))), none.astype(np.int8), none, none, (), MARK_COLUMNS
    )
    window = align(made.window())
    spikes = find_spikes(window)
    if spikes is None:
        return WindowMarks(empty, no_crops, none)
    facts = replace(facts, both_sides=spikes.both_sides)
    detector = ClassicalSegmenter(DetectSettings())
    classical = highest_of(detector.segment(window, spikes, lines=False))
    scores = net.raw_scores(window)
    marks = measure_marks(spikes, scores, classical, trust_of(window))
    if marks is None:
        return WindowMarks(replace(empty, windows=(facts,)), no_crops, none)
    share = np.bincount(marks.owner, truth[marks.ys, marks.xs], minlength=marks.count) / marks.area
    label = np.where(share > _DAMAGE, DAMAGE, np.where(share < _PICTURE, PICTURE, NEITHER))
    shown = _shown(marks, label, rng)
    found = Candidates(
        marks.columns,
        label.astype(np.int8),
        marks.area,
        np.zeros(marks.count, np.int64),
        (facts,),
        MARK_COLUMNS,
    )
    return WindowMarks(found, crops_of(window, scores.max(axis=0), marks, shown), shown)


def _shown(
    marks: MeasuredMarks, label: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """The marks that are worth a crop: picture that the net takes most for damage, some damage."""
    peak = marks.columns[:, MARK_COLUMNS.index("net_max")]
    picture, damage = (np.flatnonzero(label == kind) for kind in (PICTURE, DAMAGE))
    surest = picture[np.argsort(-peak[picture], kind="stable")][:_PICTURE_CROPS]
    return np.concatenate([surest, rng.permutation(damage)[:_DAMAGE_CROPS]]).astype(np.int64)


_Job = tuple[MarkPlan, int, Path, str]


def _one(job: _Job) -> Candidates:
    plan, index, folder, key = job
    path = _path(folder, index)
    kept = Candidates.load(path, key)
    if kept is not None and CropShelf.has(path):
        return kept
    cv2.setNumThreads(1)
    sources, shapes, series = sources_of(plan.data, plan.apart, validation=plan.validation)
    # Other windows than any training's.
    seed = 2 * plan.seed + 2_000_000
    plain = index % 3 == 2
    made = film_window(sources, shapes, seed=seed, index=index, fine=index % 2 == 1, plain=plain)
    name = str(made.facts["source"])
    facts = WindowFacts(
        name,
        series.get(name, name),
        index,
        True,
        True,
        "none" if plain else f"{made.facts['negative']}, hard",
        1,
        float(made.facts["grain"]),
        0,
        made.change[REACH].size,
    )
    found = window_marks(made, detector_of(plan.net), facts, one_side=index // 2 % 2)
    CropShelf.keep(path, found.crops, found.shown)
    found.marks.save(path, key)
    return found.marks


def _path(folder: Path, index: int) -> Path:
    return folder / f"{index:05d}.npz"


def _key(plan: MarkPlan) -> str:
    return window_key(_FILES, plan.net, [sorted(plan.apart), plan.validation, plan.seed])
