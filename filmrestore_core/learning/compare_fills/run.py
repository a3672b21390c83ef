"""compare_fills: candidates side by side on the holes of a store."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from filmrestore_core.errors import SettingsError
from filmrestore_core.learning.compare_fills.candidate import Candidate, Proposal
from filmrestore_core.learning.compare_fills.figures import HoleFigures, measure_fill
from filmrestore_core.learning.compare_fills.hole_crops import HoleCrop, choose_crops, read_crops
from filmrestore_core.learning.compare_fills.kept import Kept, Pictures
from filmrestore_core.learning.compare_fills.perceptual import Perceptual
from filmrestore_core.learning.compare_fills.sheets import (
    SheetRow,
    choose_rows,
    damaged_picture,
    row_title,
    write_sheets,
)
from filmrestore_core.learning.compare_fills.table import (
    CandidateResult,
    document,
    table_markdown,
)
from filmrestore_core.learning.samples.store import SceneStore

REFERENCE = "truth, grain put on anew"


@dataclass(frozen=True, slots=True)
class ComparePlan:
    """What is compared on what.

    Attributes:
        store: folder of the holes' store.
        out: where tables and sheets go.
        most: crops; 0 for all.
        slow: crops for slow candidates.
        rows: rows of the contact sheets.
        shown: names of the candidates on them.
    """

    store: Path
    out: Path
    most: int = 60
    slow: int = 8
    rows: int = 12
    shown: Sequence[str] = ()


def compare_fills(
    plan: ComparePlan,
    candidates: Sequence[Candidate],
    *,
    perceptual: Sequence[Perceptual] = (),
    notes: Sequence[str] = (),
    done: Callable[[CandidateResult], None] = lambda result: None,
) -> list[Path]:
    """Run and measure all candidates, and write table.md, table.json and contact sheets.

    Time is that of this process's one thread, so that others on the machine do not count.

    Args:
        plan: what on.
        candidates: each with a name of its own.
        perceptual: metrics of whole crops.
        notes: sentences below the tables.
        done: called with each candidate's result.

    Returns:
        The files written.

    Raises:
        SettingsError: the store holds no holes, or names are not told apart or not known.
        OSError: the folder cannot be written.
    """
    import cv2

    _check(plan, candidates)
    store = SceneStore(plan.store)
    if not len(store):
        raise SettingsError(
            f"'{plan.store}' holds no holes.",
            hint="give the folder 'validation' among the scenes of 'filmrestore train inpainter'",
        )
    before, before_cv = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        return _compare(plan, store, candidates, perceptual, notes, done)
    finally:
        torch.set_num_threads(before)
        cv2.setNumThreads(before_cv)


def _compare(
    plan: ComparePlan,
    store: SceneStore,
    candidates: Sequence[Candidate],
    perceptual: Sequence[Perceptual],
    notes: Sequence[str],
    done: Callable[[CandidateResult], None],
) -> list[Path]:
    chosen = choose_crops(store, len(store), plan.most)
    crops = list(read_crops(store, chosen))
    few = choose_rows(crops, plan.slow)
    rows = few[: plan.rows] if len(few) >= plan.rows else choose_rows(crops, plan.rows)
    own_plan = plan.store / "plan.json"
    about = {
        "store": hashlib.sha256(own_plan.read_bytes() if own_plan.is_file() else b"").hexdigest(),
        "windows": len(store),
        "rows": [c.key for c in rows],
        "perceptual": [p.name for p in perceptual],
    }
    wanted = {c.key for c in rows}
    results, finished = [], {}
    for candidate in candidates:
        those = few if candidate.slow else crops
        kept = Kept(plan.out, {**about, "crops": [c.key for c in those]})
        found = kept.read(candidate)
        if found is None:
            found = _measured(candidate, those, wanted, perceptual)
            kept.write(candidate, *found)
        results.append(found[0])
        finished[candidate.name] = found[1]
        done(found[0])
    results.append(_reference(crops, perceptual))
    plan.out.mkdir(parents=True, exist_ok=True)
    told = [_told(plan, len(store), crops, len(few)), *notes]
    written = [plan.out / "table.md", plan.out / "table.json"]
    written[0].write_text(table_markdown(results, told), encoding="utf-8", newline="\n")
    values = {"about": told, **document(results)}
    written[1].write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8", newline="\n")
    return written + _sheets(plan, rows, finished)


def _measured(
    candidate: Candidate,
    crops: Sequence[HoleCrop],
    wanted: set[tuple[int, int]],
    perceptual: Sequence[Perceptual],
) -> tuple[CandidateResult, Pictures]:
    holes: list[HoleFigures] = []
    pictures: Pictures = {}
    looks: dict[str, list[float]] = {p.name: [] for p in perceptual}
    seconds = 0.0
    if crops:
        # The first run fills caches.
        candidate.fill(crops[0].planes, crops[0].key)
    for crop in crops:
        began = time.process_time()
        proposal = candidate.fill(crop.planes, crop.key)
        seconds += time.process_time() - began
        measured = measure_fill(crop, proposal)
        holes += measured.holes
        for metric in perceptual:
            looks[metric.name].append(metric.measure(measured.finished, crop.truth))
        if crop.key in wanted:
            pictures[crop.key] = _in_place(crop, measured.finished)
    result = CandidateResult(
        candidate.name,
        candidate.about,
        candidate.parameters,
        candidate.slow,
        seconds,
        sum(c.coverage.size for c in crops) / 1e6,
        tuple(holes),
        looks,
    )
    return result, pictures


def _reference(crops: Sequence[HoleCrop], perceptual: Sequence[Perceptual]) -> CandidateResult:
    """What a fill that knows the picture would reach: says how far the figures can be trusted."""
    holes: list[HoleFigures] = []
    looks: dict[str, list[float]] = {p.name: [] for p in perceptual}
    for crop in crops:
        measured = measure_fill(crop, Proposal(np.ascontiguousarray(np.moveaxis(crop.bare, -1, 0))))
        holes += measured.holes
        for metric in perceptual:
            looks[metric.name].append(metric.measure(measured.finished, crop.truth))
    about = "what is to be reached"
    return CandidateResult(REFERENCE, about, None, False, 0.0, 0.0, tuple(holes), looks)


def _in_place(crop: HoleCrop, finished: NDArray[np.float32]) -> NDArray[np.float32]:
    """The finished fill in the picture as it was found, which is what a user sees."""
    share = crop.coverage[..., None]
    return np.where(share > 0, finished, damaged_picture(crop)).astype(np.float32)


def _sheets(
    plan: ComparePlan, rows: Sequence[HoleCrop], finished: dict[str, Pictures]
) -> list[Path]:
    names = [n for n in plan.shown if all(c.key in finished[n] for c in rows)]
    lines = [
        SheetRow(
            row_title(crop),
            (damaged_picture(crop), *(finished[n][crop.key] for n in names), crop.truth),
        )
        for crop in rows
    ]
    if not lines:
        return []
    return write_sheets(plan.out, "sheet", ["damaged", *names, "truth"], lines)


def _told(plan: ComparePlan, windows: int, crops: Sequence[HoleCrop], few: int) -> str:
    holes = sum(len(c.holes) for c in crops)
    return (
        f"{len(crops)} crops of {windows} windows with {holes} holes; the slow ones on the {few} "
        "with the largest holes of each kind. Time is the processor's, of one thread."
    )


def _check(plan: ComparePlan, candidates: Sequence[Candidate]) -> None:
    names = [c.name for c in candidates]
    twice = sorted({n for n in names if names.count(n) > 1} | ({REFERENCE} & set(names)))
    if twice:
        raise SettingsError(f"Two candidates are called '{twice[0]}'.")
    unknown = [n for n in plan.shown if n not in names]
    if unknown:
        raise SettingsError(
            f"There is no candidate '{unknown[0]}' to show.", hint=f"there are {', '.join(names)}"
        )
