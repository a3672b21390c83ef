"""A case for steadiness: a moving clip with damage that is large, or lies on every frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.cli.validation.cases import FIRST, coded
from filmrestore_core.errors import SettingsError, UnreadableFrameError
from filmrestore_core.learning.judge.conditions import Conditions, grained
from filmrestore_core.matte import DamageClass
from filmrestore_core.metrics.evaluate import EvaluationCase
from filmrestore_core.noise import generator
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.film import VISIBLE
from filmrestore_core.synth.mark import Mark, lay
from filmrestore_core.synth.shapes import ProceduralShapes

_SUFFIXES = (".jpg", ".jpeg", ".png")
# Plain to see, as old film has it.
_LOOK = Conditions(grain=0.02, grain_blur=0.6)
_PASSING = 0.5

Picture = NDArray[np.float32]


def lasting_case(
    clip: Path, *, frames: int, width: int, height: int, seed: int = 1, still: bool = False
) -> EvaluationCase:
    """The middle of a clip's frames with grain; a stain, a scratch and a hair on all of them.

    The stain stays where it is on the film's frame, the scratch trembles by a pixel, the hair sits
    in the gate; every other frame or so has a large blot of its own.

    Args:
        clip: folder of JPEG or PNG frames.
        frames: how many, from the first.
        width: of the part that is used, px; less where the clip is smaller.
        height: of the part, px.
        seed: of grain and damage.
        still: take the first frame for all: nothing moves, so no neighbour shows what lasts.

    Raises:
        SettingsError: the folder has too few frames.
        UnreadableFrameError: a frame cannot be read.
    """
    files = sorted(p for p in clip.iterdir() if p.suffix.lower() in _SUFFIXES)[:frames]
    if len(files) < 3:
        raise SettingsError(f"Clip '{clip}' has {len(files)} JPEG or PNG frames; 3 are needed.")
    plates = [_middle(_read(path), width, height) for path in files]
    if still:
        plates = [plates[0]] * len(plates)
    tall, wide = plates[0].shape[:2]
    clean = [
        coded(grained(plate, _LOOK, generator(seed, "lasting damage", "grain", i)))
        for i, plate in enumerate(plates)
    ]
    marks = _marks(len(clean), tall, wide, seed)
    damaged, truth = [], []
    for picture, on_it in zip(clean, marks, strict=True):
        laid = lay(on_it, picture, Tone.DISPLAY)
        damaged.append(coded(laid.pixels))
        changed = np.abs(damaged[-1] - picture).max(axis=-1) > VISIBLE
        truth.append({c: changed & (s > 0) for c, s in laid.strength.items()})
    name = f"{clip.name}, {wide} x {tall}, {len(clean)} frames{', still' if still else ''}"
    faint = [np.zeros((tall, wide), np.bool_) for _ in clean]
    return EvaluationCase(name, damaged, clean, truth, faint, first=FIRST)


def lasting_hole(case: EvaluationCase) -> NDArray[np.bool_]:
    """(H, W): what is damaged on nine frames in ten."""
    counts = sum(np.any(np.stack(list(t.values())), axis=0).astype(np.int64) for t in case.truth)
    return np.asarray(counts >= 0.9 * len(case.truth), np.bool_)


def _marks(frames: int, height: int, width: int, seed: int) -> Sequence[list[Mark]]:
    """Marks of each frame."""
    shapes, rng = ProceduralShapes(), generator(seed, "lasting damage")
    unit = float(np.sqrt(height * width))
    stain = np.clip(3 * shapes.stain(rng, (0.16 * unit) ** 2), 0, 1)
    at_y, at_x = round(0.55 * height - stain.shape[0] / 2), round(0.3 * width - stain.shape[1] / 2)
    hair = shapes.hair(rng, 0.5 * unit, max(2.5, 0.01 * unit))
    hair_y, hair_x = round(0.1 * height), round(0.55 * width)
    scratch = _scratch(height, max(3.0, 0.012 * unit))
    made: list[list[Mark]] = []
    for frame in range(frames):
        own = generator(seed, "lasting damage", frame)
        tremble = int(own.integers(-1, 2))
        marks = [
            Mark(DamageClass.STAIN, stain.astype(np.float32), at_x, at_y, (-1.2,)),
            Mark(DamageClass.SCRATCH, scratch, round(0.75 * width) + tremble, 0, (1.5,)),
            Mark(DamageClass.HAIR, hair, hair_x, hair_y, (2.0,)),
        ]
        if own.random() < _PASSING:
            blot = np.clip(3 * shapes.speck(own, (0.1 * unit) ** 2), 0, 1).astype(np.float32)
            y, x = (
                int(own.integers(0, max(1, n - b)))
                for n, b in zip((height, width), blot.shape, strict=True)
            )
            marks.append(Mark(DamageClass.DIRT, blot, x, y, (1.8,)))
        made.append(marks)
    return made


def _scratch(height: int, width: float) -> Picture:
    across = np.abs(np.arange(int(np.ceil(width)) + 4) - (np.ceil(width) + 3) / 2)
    line = np.clip(width / 2 + 0.5 - across, 0, 1).astype(np.float32)
    return np.ascontiguousarray(np.broadcast_to(line, (height, len(line))))


def _read(path: Path) -> Picture:
    import cv2

    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise UnreadableFrameError(f"'{path}' is no readable JPEG or PNG.", path=path)
    return np.ascontiguousarray(picture[..., ::-1] / np.float32(255), np.float32)


def _middle(picture: Picture, width: int, height: int) -> Picture:
    tall, wide = picture.shape[:2]
    top, left = max(0, (tall - height) // 2), max(0, (wide - width) // 2)
    return np.ascontiguousarray(picture[top : top + height, left : left + width])
