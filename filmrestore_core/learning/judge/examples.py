"""Makes the candidates of all clips, one file for each look, so that a stopped run goes on."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np

from filmrestore_core.learning.judge.candidates import Candidates
from filmrestore_core.learning.judge.clips import TrainingClip
from filmrestore_core.learning.judge.windows import look_candidates
from filmrestore_core.learning.judge.workers import in_order
from filmrestore_core.synth.library import LibraryPart, LibraryShapes
from filmrestore_core.synth.shapes import ProceduralShapes, ShapeSource

# Modules whose text says what candidates look like: where one changes, kept files are stale.
_ROOMS = ("temporal", "synth")
_FILES = (
    *(f"segment/{name}.py" for name in ("elsewhere", "measure", "objects", "spike")),
    *(
        f"learning/judge/{name}.py"
        for name in ("candidates", "clips", "conditions", "distractors", "specks", "windows")
    ),
    "noise.py",
    "plate.py",
)


def make_examples(
    clips: Sequence[TrainingClip],
    folder: Path,
    *,
    shapes: Path | None,
    looks: int,
    seed: int,
    workers: int,
    done: Callable[[TrainingClip], None] = lambda clip: None,
) -> list[Candidates]:
    """The candidates of each look of each clip, in order; the number of workers changes nothing.

    Args:
        clips: clean frames.
        folder: where each look's candidates are kept; those of an earlier run that were made from
            the same are read.
        shapes: artefact library, of which the training part is used; None: shapes by rule.
        looks: centers a clip.
        seed: of everything random.
        workers: processes.
        done: called after each look, in order.

    Raises:
        SettingsError: the library holds no shape.
    """
    folder.mkdir(parents=True, exist_ok=True)
    common = key_of(shapes, seed=seed)
    keys = {clip.name: f"{common} {clip.series} {clip.digest}" for clip in clips}
    jobs = [
        (clip, look, folder, shapes, seed, keys[clip.name])
        for clip in clips
        for look in range(looks)
    ]
    made = []
    for job, candidates in zip(jobs, in_order(_one, jobs, workers), strict=True):
        made.append(candidates)
        done(job[0])
    return made


def key_of(shapes: Path | None, *, seed: int) -> str:
    """SHA-256, hex, of all that candidates depend on beside their clip."""
    listed = []
    if shapes is not None:
        found = sorted(p for p in shapes.rglob("*.png") if p.is_file())
        listed = [(p.relative_to(shapes).as_posix(), p.stat().st_size) for p in found]
    text = [code_digest(), np.__version__, cv2.__version__, listed, seed]
    return sha256(json.dumps(text).encode()).hexdigest()


@cache
def code_digest() -> str:
    """SHA-256, hex, of the modules that make candidates, without comments and layout."""
    package = files("filmrestore_core")
    names = list(_FILES)
    for room in _ROOMS:
        entries = package.joinpath(room).iterdir()
        names += [f"{room}/{e.name}" for e in entries if e.name.endswith(".py")]
    whole = sha256()
    for name in sorted(names):
        whole.update(f"{name}\n".encode())
        text = package.joinpath(name).read_text("utf-8")
        whole.update(ast.dump(ast.parse(text)).encode())
    return whole.hexdigest()


_Job = tuple[TrainingClip, int, Path, Path | None, int, str]


def _one(job: _Job) -> Candidates:
    clip, look, folder, shapes, seed, key = job
    path = folder / f"{clip.name}.{look}.npz"
    kept = Candidates.load(path, key)
    if kept is not None:
        return kept
    cv2.setNumThreads(1)
    made = look_candidates(clip, look, _source(shapes), seed=seed)
    made.save(path, key)
    return made


@cache
def _source(shapes: Path | None) -> ShapeSource:
    if shapes is None:
        return ProceduralShapes()
    return LibraryShapes(shapes, part=LibraryPart.TRAIN)
