"""Marks of made-up windows, each known to be damage or picture."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from multiprocessing import get_context
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
from filmrestore_core.learning.judge.clips import REACH, series_of
from filmrestore_core.learning.judge.examples import code_digest
from filmrestore_core.learning.samples.filmed_window import FilmedWindow, film_window
from filmrestore_core.learning.samples.sources import Sources, find_sources
from filmrestore_core.models.store import open_lone
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment.classical import ClassicalSegmenter
from filmrestore_core.segment.combined import highest_of, trust_of
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.segment.mark_measure import MARK_COLUMNS, measure_marks
from filmrestore_core.segment.spike import find_spikes
from filmrestore_core.settings import DetectSettings
from filmrestore_core.synth.library import LibraryPart, LibraryShapes
from filmrestore_core.synth.shapes import ProceduralShapes, ShapeSource
from filmrestore_core.temporal.align import align

# A mark is damage when more than this of it is, and picture when less than that is.
_DAMAGE, _PICTURE = 0.5, 0.1
_ONE_SIDE = ((-2, -1), (1, 2))
# Where one of these changes, kept files are stale; the rest stands in code_digest.
_FILES = (
    *(f"segment/{name}" for name in ("classical.py", "mark_measure.py", "judge_both_sides.json")),
    *(f"segment/{name}" for name in ("judge_one_side.json", "spike_planes.py", "planes.py")),
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
    """

    data: Path
    net: Path
    apart: tuple[str, ...]
    windows: int
    seed: int


def mark_examples(
    plan: MarkPlan,
    folder: Path,
    *,
    workers: int = 1,
    done: Callable[[int, int], None] = lambda at, of: None,
) -> Candidates:
    """The marks of all windows; what an earlier run left in the folder is read.

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
    for found in _each(jobs, workers):
        made.append(found)
        done(len(made), plan.windows)
    return together(made)


def window_marks(
    made: FilmedWindow, net: ExportedSegmenter, facts: WindowFacts, *, one_side: int
) -> Candidates:
    """The marks of a window, damaged and undamaged, with all its neighbours and with one side.

    Args:
        made: five frames.
        net: the detector.
        facts: about the window; both_sides and damaged are filled in here.
        one_side: 0 for the neighbours before, 1 for those after.
    """
    rim = made.seen / 2
    truth = made.change[REACH] > rim
    parts = []
    for window, damaged in (
        (made, True),
        (replace(made, held=made.clean), False),
    ):
        for offsets in (made.offsets, _ONE_SIDE[one_side]):
            seen = replace(window, offsets=offsets)
            parts.append(_marks(seen, truth & damaged, net, replace(facts, damaged=damaged)))
    return together(parts)


def _marks(
    made: FilmedWindow, truth: NDArray[np.bool_], net: ExportedSegmenter, facts: WindowFacts
) -> Candidates:
    none = np.zeros(0, np.int64)
    empty = Candidates(
        np.zeros((0, len(MARK_COLUMNS))), none.astype(np.int8), none, none, (), MARK_COLUMNS
    )
    window = align(made.window())
    spikes = find_spikes(window)
    if spikes is None:
        return empty
    facts = replace(facts, both_sides=spikes.both_sides)
    classical = highest_of(ClassicalSegmenter(DetectSettings()).segment(window, spikes))
    marks = measure_marks(spikes, net.raw_scores(window), classical, trust_of(window))
    if marks is None:
        return replace(empty, windows=(facts,))
    share = np.bincount(marks.owner, truth[marks.ys, marks.xs], minlength=marks.count) / marks.area
    label = np.where(share > _DAMAGE, DAMAGE, np.where(share < _PICTURE, PICTURE, NEITHER))
    return Candidates(
        marks.columns,
        label.astype(np.int8),
        marks.area,
        np.zeros(marks.count, np.int64),
        (facts,),
        MARK_COLUMNS,
    )


_Job = tuple[MarkPlan, int, Path, str]


def _each(jobs: Sequence[_Job], workers: int) -> Iterator[Candidates]:
    if workers <= 1:
        yield from map(_one, jobs)
        return
    # Spawned, not forked: OpenCV's threads do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_one, jobs)


def _one(job: _Job) -> Candidates:
    plan, index, folder, key = job
    path = folder / f"{index:05d}.npz"
    kept = Candidates.load(path, key)
    if kept is not None:
        return kept
    cv2.setNumThreads(1)
    sources, shapes, series = _sources(plan)
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
    found = window_marks(made, _net(plan.net), facts, one_side=index // 2 % 2)
    found.save(path, key)
    return found


@cache
def _sources(plan: MarkPlan) -> tuple[Sources, ShapeSource, dict[str, str]]:
    shapes: ShapeSource = ProceduralShapes()
    if (plan.data / "damage").is_dir():
        shapes = LibraryShapes(plan.data / "damage", part=LibraryPart.TRAIN)
    sources = find_sources(plan.data, plan.apart, validation=False)
    return sources, shapes, series_of([clip.name for clip in sources.clips])


@cache
def _net(path: Path) -> ExportedSegmenter:
    model = open_lone(path)
    return ExportedSegmenter(
        Session(model.card, model.content, device=Device.CPU), DetectSettings()
    )


def _key(plan: MarkPlan) -> str:
    """SHA-256, hex, of all that the marks depend on beside their index."""
    package = files("filmrestore_core")
    own = [sha256(package.joinpath(name).read_bytes()).hexdigest() for name in _FILES]
    text = [
        code_digest(),
        own,
        np.__version__,
        cv2.__version__,
        sha256(plan.net.read_bytes()).hexdigest(),
        sorted(plan.apart),
        plan.seed,
    ]
    return sha256(json.dumps(text).encode()).hexdigest()
