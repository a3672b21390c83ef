"""Lines of made-up windows, each known to be damage or picture, and what is measured of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
from filmrestore_core.learning.judge.made_windows import detector_of, sources_of, window_key
from filmrestore_core.learning.judge.workers import in_order
from filmrestore_core.learning.lines.line_window import HEIGHT, WIDTH, line_window
from filmrestore_core.matte import DamageClass
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.segment.line_candidates import candidate_lines
from filmrestore_core.segment.line_measure import (
    LINE_COLUMNS,
    LINE_NET_COLUMNS,
    measure_lines,
    net_says,
)
from filmrestore_core.segment.line_path import LinePath
from filmrestore_core.segment.line_votes import STRIP, PlateVotes
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import TemporalWindow

NAMES = (*LINE_COLUMNS, *LINE_NET_COLUMNS)
# A line is damage where more than this of its rows are, and picture where less than that are.
_DAMAGE, _PICTURE = 0.5, 0.1
# px to either side of a path that count as the line.
_REACH = 2
# Where one of these changes, kept files are stale; the rest stands in code_digest.
_FILES = (
    "learning/judge/made_windows.py",
    *(f"segment/line_{name}.py" for name in ("band", "candidates", "measure", "path", "scene")),
    *("segment/line_votes.py", "segment/planes.py", "segment/spike_planes.py"),
    *(f"learning/samples/{name}.py" for name in ("damage", "negatives", "sources")),
    *("learning/lines/line_window.py", "learning/lines/examples.py"),
)


@dataclass(frozen=True, slots=True)
class LinePlan:
    """Which lines are looked at.

    Attributes:
        data: folder with clean/video, clean/stills and damage.
        net: the detector's .onnx, whose scores are measured along each line.
        apart: series of clips that are not used.
        windows: how many made-up windows; every third one is of plain footage.
        seed: of everything random; trainings of nets and marks use others.
    """

    data: Path
    net: Path
    apart: tuple[str, ...]
    windows: int
    seed: int


def line_examples(
    plan: LinePlan,
    folder: Path,
    *,
    workers: int = 1,
    done: Callable[[int, int], None] = lambda at, of: None,
) -> Candidates:
    """The lines of all windows, damaged and undamaged; what an earlier run left there is read.

    Args:
        plan: which.
        folder: where each window's lines are kept.
        workers: processes; they change nothing but the time.
        done: called with (windows done, windows in all).

    Raises:
        ModelError: the net cannot be read.
        SettingsError: the data do not suffice.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = _key(plan)
    made = []
    jobs = [(plan, index, folder, key) for index in range(plan.windows)]
    for found in in_order(_one, jobs, workers):
        made.append(found)
        done(len(made), plan.windows)
    return together(made)


def lines_of(
    window: TemporalWindow,
    damaged: NDArray[np.bool_],
    net: ExportedSegmenter,
    facts: WindowFacts,
) -> Candidates:
    """The candidate lines of one window.

    Args:
        window: a frame and its neighbours, one at least.
        damaged: (H, W) bool, where the frame is.
        net: the detector.
        facts: about the window.
    """
    seen = align(window)
    votes = PlateVotes()
    own, others = votes.of(window.center), [votes.of(p) for p in window.neighbors]
    paths = candidate_lines(own, others)
    columns = np.zeros((len(paths), len(NAMES)))
    if paths:
        scratch = list(net.classes).index(DamageClass.SCRATCH)
        told = net_says(paths, net.raw_scores(seen), scratch)
        columns = np.concatenate([measure_lines(seen, paths, own, others), told], axis=1)
    share = np.asarray([_covered(path, damaged) for path, _, _ in paths])
    label = np.where(share > _DAMAGE, DAMAGE, np.where(share < _PICTURE, PICTURE, NEITHER))
    return Candidates(
        columns,
        label.astype(np.int8),
        np.asarray([len(path.strips) * STRIP for path, _, _ in paths], np.int64),
        np.zeros(len(paths), np.int64),
        (facts,),
        NAMES,
    )


def _covered(path: LinePath, damaged: NDArray[np.bool_]) -> float:
    """Share of the path's rows where damage lies on it."""
    rows = np.arange(path.strips[0] * STRIP, (path.strips[-1] + 1) * STRIP)
    columns = np.repeat(path.columns, STRIP)[:, None] + np.arange(-_REACH, _REACH + 1)
    columns = np.clip(columns, 0, damaged.shape[1] - 1)
    return float(damaged[rows[:, None], columns].any(axis=1).mean())


_Job = tuple[LinePlan, int, Path, str]


def _one(job: _Job) -> Candidates:
    plan, index, folder, key = job
    path = folder / f"{index:05d}.npz"
    kept = Candidates.load(path, key)
    if kept is not None:
        return kept
    cv2.setNumThreads(1)
    sources, shapes, series = sources_of(plan.data, plan.apart, validation=False)
    plain = index % 3 == 2
    made = line_window(sources, shapes, seed=2 * plan.seed + 3_000_000, index=index, plain=plain)
    parts = []
    for damaged in (True, False):
        facts = WindowFacts(
            made.source,
            series.get(made.source, made.source),
            index,
            min(made.offsets) < 0 < max(made.offsets),
            damaged,
            "none" if plain else f"{made.negative}, hard",
            1,
            made.grain,
            0,
            HEIGHT * WIDTH,
        )
        truth = made.scratched & damaged
        parts.append(lines_of(made.window(damaged=damaged), truth, detector_of(plan.net), facts))
    found = together(parts)
    found.save(path, key)
    return found


def _key(plan: LinePlan) -> str:
    return window_key(_FILES, plan.net, [sorted(plan.apart), plan.seed])
