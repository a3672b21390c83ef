"""Candidates: measured marks of many windows, each labelled damage or picture."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.segment.classical import COLUMNS
from filmrestore_core.segment.elsewhere import seen_elsewhere
from filmrestore_core.segment.objects import find_objects
from filmrestore_core.segment.spike import find_spikes
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import TemporalWindow

# A candidate is damage when more than this of it is, and picture when less than that is.
_DAMAGE, _PICTURE = 0.5, 0.1
DAMAGE, PICTURE, NEITHER = 1, 0, -1


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """Where some candidates come from.

    Attributes:
        clip: name.
        series: of the clip.
        number: of the center in the clip, from 0.
        both_sides: whether the references lie before and after.
        damaged: whether damage was made.
        distractor: what else was added.
        stride: every how-manieth frame was taken.
        grain: code values.
        jpeg: quality, 0 for none.
        pixels: of the frame.
    """

    clip: str
    series: str
    number: int
    both_sides: bool
    damaged: bool
    distractor: str
    stride: int
    grain: float
    jpeg: int
    pixels: int

    @property
    def is_clean(self) -> bool:
        """Whether it shows footage as it is, every frame of it: whatever is found is wrong."""
        return not self.damaged and self.distractor == "none" and self.stride == 1


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Candidate marks of many windows.

    Attributes:
        columns: (N, F) float64, columns as in `names`.
        label: (N,) int8, DAMAGE, PICTURE or NEITHER.
        area: (N,) int64, px.
        window: (N,) int64, index into `windows`.
        windows: where they come from; one may have no candidate.
        names: of the columns.
    """

    columns: NDArray[np.float64]
    label: NDArray[np.int8]
    area: NDArray[np.int64]
    window: NDArray[np.int64]
    windows: tuple[WindowFacts, ...]
    names: tuple[str, ...] = COLUMNS

    @property
    def series(self) -> NDArray[np.str_]:
        """(N,) the series of each."""
        return np.asarray([w.series for w in self.windows], np.str_)[self.window]

    @property
    def clean(self) -> NDArray[np.bool_]:
        """(N,) whether it lies in footage as it is."""
        return np.asarray([w.is_clean for w in self.windows], np.bool_)[self.window]

    @property
    def clean_pixels(self) -> int:
        """Pixels of all frames of footage as it is, also of those without a candidate."""
        return sum(w.pixels for w in self.windows if w.is_clean)

    def of(self, *, both_sides: bool, series: Iterable[str]) -> Candidates:
        """Those of one kind of window and of these series."""
        wanted = frozenset(series)
        kept = [
            i
            for i, w in enumerate(self.windows)
            if w.both_sides == both_sides and w.series in wanted
        ]
        place = np.full(len(self.windows), -1, np.int64)
        place[kept] = np.arange(len(kept))
        rows = place[self.window] >= 0
        return Candidates(
            self.columns[rows],
            self.label[rows],
            self.area[rows],
            place[self.window[rows]],
            tuple(self.windows[i] for i in kept),
            self.names,
        )

    def save(self, path: Path, key: str) -> None:
        """Write them; `key` says what they were made from."""
        facts = json.dumps([asdict(w) for w in self.windows])
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez_compressed(
                file,
                columns=self.columns,
                label=self.label,
                area=self.area,
                window=self.window,
                windows=np.asarray(facts),
                names=np.asarray(self.names),
                key=np.asarray(key),
            )
        part.replace(path)

    @classmethod
    def load(cls, path: Path, key: str) -> Candidates | None:
        """Those of the file, or None where there is none or it was made from something else."""
        if not path.is_file():
            return None
        with np.load(path) as held:
            if str(held["key"]) != key:
                return None
            windows = tuple(WindowFacts(**facts) for facts in json.loads(str(held["windows"])))
            names = tuple(str(n) for n in held["names"])
            columns = held["columns"]
            return cls(columns, held["label"], held["area"], held["window"], windows, names)


def together(parts: Sequence[Candidates]) -> Candidates:
    """All of them, in order."""
    starts = np.cumsum([0, *(len(p.windows) for p in parts)])
    return Candidates(
        np.concatenate([p.columns for p in parts]),
        np.concatenate([p.label for p in parts]),
        np.concatenate([p.area for p in parts]),
        np.concatenate([p.window + start for p, start in zip(parts, starts, strict=False)]),
        tuple(w for p in parts for w in p.windows),
        parts[0].names,
    )


def candidates_of(
    window: TemporalWindow, damaged: NDArray[np.bool_], facts: WindowFacts
) -> Candidates:
    """The candidates of one window.

    Args:
        window: a frame and its neighbours.
        damaged: (H, W) bool, where the frame is.
        facts: about the window.
    """
    spikes = find_spikes(align(window))
    objects = None if spikes is None else find_objects(spikes)
    if spikes is None or objects is None:
        none = np.zeros(0, np.int64)
        return Candidates(np.zeros((0, len(COLUMNS))), none.astype(np.int8), none, none, (facts,))
    seen = [seen_elsewhere(spikes.center, r, objects.boxes) for r in (spikes.first, spikes.second)]
    pair = np.stack([np.maximum(*seen), np.minimum(*seen)], axis=1)
    area = np.bincount(objects.owner, minlength=objects.count).astype(np.int64)
    hits = np.bincount(objects.owner, damaged[objects.ys, objects.xs], minlength=objects.count)
    share = hits / np.maximum(area, 1)
    label = np.where(share > _DAMAGE, DAMAGE, np.where(share < _PICTURE, PICTURE, NEITHER))
    return Candidates(
        np.concatenate([objects.features, pair], axis=1),
        label.astype(np.int8),
        area,
        np.zeros(objects.count, np.int64),
        (facts,),
    )
