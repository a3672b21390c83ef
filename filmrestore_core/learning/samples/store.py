"""Scenes on disk: made once, by several processes, read many times."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import SettingsError
from filmrestore_core.learning.samples.holes import make_holes
from filmrestore_core.learning.samples.scene import PLANE_COUNT, make_scene
from filmrestore_core.learning.samples.sources import find_sources
from filmrestore_core.synth.library import LibraryPart, LibraryShapes
from filmrestore_core.synth.shapes import ProceduralShapes, ShapeSource


class SampleKind(StrEnum):
    """What is made of a window."""

    SCENES = "scenes"
    HOLES = "holes"


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """Which scenes are to be made; the same plan on the same data gives the same bytes.

    Attributes:
        data: folder with clean/video, clean/stills and damage.
        apart: series of clips kept for validation.
        validation: whether these scenes validate or teach; they share neither clip nor shape.
        seed: of everything random.
        count: how many.
        kind: windows for a segmenter or holes for an inpainter.
        fine_from: index of the first scene with finer damage; None for none.
        large: of holes: one window in this many has large and lasting damage; 0 for none.
    """

    data: Path
    apart: tuple[str, ...]
    validation: bool
    seed: int
    count: int
    kind: SampleKind = SampleKind.SCENES
    fine_from: int | None = None
    large: int = 0


class SceneStore:
    """A folder of scenes, one file of planes and one of facts each."""

    def __init__(self, folder: Path) -> None:
        """Open a folder, which need not exist."""
        self._folder = folder
        self._held: dict[int, NDArray[np.uint8]] = {}
        self._kept: tuple[int, ...] = ()
        self._facts: dict[int, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._indices())

    def has(self, index: int) -> bool:
        """Whether the scene is there, whole."""
        return self._facts_path(index).is_file()

    def write(self, index: int, planes: NDArray[Any], facts: dict[str, Any]) -> None:
        """Write a scene; its facts last, so that what has facts is whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path, text in (
            (self._planes_path(index), planes),
            (self._facts_path(index), json.dumps(facts).encode()),
        ):
            partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
            with partial.open("wb") as file:
                if isinstance(text, bytes):
                    file.write(text)
                else:
                    np.save(file, text)
            partial.replace(path)

    def planes(self, index: int) -> NDArray[np.uint8]:
        """(PLANE_COUNT, H, W) uint8, read from disk where it is looked at."""
        planes: NDArray[np.uint8] = np.load(
            self._planes_path(index), mmap_mode="r", allow_pickle=False
        )
        return planes

    def hold(self, count: int, kept: Sequence[int]) -> None:
        """Read the first scenes into memory: `part` is then fast, whatever the disk is.

        Args:
            count: how many.
            kept: which planes; the others read as 0.
        """
        self._kept = tuple(kept)
        for index in range(count):
            self._held[index] = np.ascontiguousarray(self.planes(index)[list(kept)])
            self._facts[index] = self.facts(index)

    def part(self, index: int, y: int, x: int, side: int) -> NDArray[np.uint8]:
        """(PLANE_COUNT, side, side) uint8 from row y and column x on."""
        rows, columns = slice(y, y + side), slice(x, x + side)
        if index not in self._held:
            return np.array(self.planes(index)[:, rows, columns])
        part = np.zeros((PLANE_COUNT, side, side), np.uint8)
        part[list(self._kept)] = self._held[index][:, rows, columns]
        return part

    def facts(self, index: int) -> dict[str, Any]:
        """What the scene was made of."""
        if index in self._facts:
            return self._facts[index]
        return dict(json.loads(self._facts_path(index).read_text()))

    def make(
        self,
        plan: ScenePlan,
        *,
        workers: int,
        done: Callable[[int, int], None] = lambda at, of: None,
    ) -> None:
        """Make the scenes of a plan that are not there yet.

        Args:
            plan: which.
            workers: processes; they change nothing but the time.
            done: called with (scenes there, scenes in all).

        Raises:
            SettingsError: the folder holds scenes of another plan, or the data do not suffice.
        """
        self._claim(plan)
        missing = [i for i in range(plan.count) if not self.has(i)]
        there = plan.count - len(missing)
        if not missing:
            return
        if workers == 1:
            _begin(plan)
            for index in missing:
                _make_one(self, index)
                there += 1
                done(there, plan.count)
            return
        with ProcessPoolExecutor(workers, initializer=_begin, initargs=(plan,)) as pool:
            for future in as_completed([pool.submit(_make_one, self, i) for i in missing]):
                future.result()
                there += 1
                done(there, plan.count)

    def _claim(self, plan: ScenePlan) -> None:
        path = self._folder / "plan.json"
        mine = {
            "apart": sorted(plan.apart),
            "validation": plan.validation,
            "seed": plan.seed,
        }
        if plan.kind is not SampleKind.SCENES:
            mine["kind"] = plan.kind.value
        if plan.fine_from is not None:
            mine["fine_from"] = plan.fine_from
        if plan.large:
            mine["large"] = plan.large
        if path.is_file():
            if json.loads(path.read_text()) != mine:
                raise SettingsError(
                    f"'{self._folder}' holds scenes of another plan.", hint="use another folder"
                )
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(mine))

    def _indices(self) -> list[int]:
        return sorted(int(p.stem) for p in self._folder.glob("[0-9]*.json"))

    def _planes_path(self, index: int) -> Path:
        return self._folder / f"{index:06d}.npy"

    def _facts_path(self, index: int) -> Path:
        return self._folder / f"{index:06d}.json"


# Of the process: listing folders once is enough.
_STATE: dict[str, Any] = {}


def _begin(plan: ScenePlan) -> None:
    import cv2

    cv2.setNumThreads(1)
    part = LibraryPart.VALIDATION if plan.validation else LibraryPart.TRAIN
    shapes: ShapeSource = ProceduralShapes()
    if (plan.data / "damage").is_dir():
        shapes = LibraryShapes(plan.data / "damage", part=part)
    _STATE["plan"] = plan
    _STATE["shapes"] = shapes
    _STATE["sources"] = find_sources(plan.data, plan.apart, validation=plan.validation)


def _make_one(store: SceneStore, index: int) -> None:
    plan = _STATE["plan"]
    # Different seeds for either side even where the user gives one.
    seed = plan.seed * 2 + int(plan.validation)
    sources, shapes = _STATE["sources"], _STATE["shapes"]
    if plan.kind is SampleKind.HOLES:
        # Other windows than the segmenter's.
        large = plan.large > 0 and index % plan.large == 0
        store.write(
            index, *make_holes(sources, shapes, seed=seed + 1_000_000, index=index, large=large)
        )
        return
    fine = plan.fine_from is not None and index >= plan.fine_from
    scene = make_scene(sources, shapes, seed=seed, index=index, fine=fine)
    store.write(index, scene.planes, scene.facts)
