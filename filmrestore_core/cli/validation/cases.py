"""Validation set -> cases of known truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import SettingsError, UnreadableFrameError
from filmrestore_core.metrics.evaluate import EvaluationCase
from filmrestore_core.plate import luma_of
from filmrestore_core.synth.film import DamagedFilm, DamagedFrame, FilmedPicture
from filmrestore_core.synth.negatives.kinds import NegativeKind
from filmrestore_core.synth.negatives.registry import add_negative
from filmrestore_core.synth.recipe import RecipeSettings, load_recipe
from filmrestore_core.synth.shapes import ShapeSource
from filmrestore_core.synth.validation_set import ValidationClip, ValidationSet

# 16 bits, as a scan's file holds them.
FULL = 65535
FIRST = 1001
CLEAN = "clean"
_SUFFIXES = (".jpg", ".jpeg", ".png")

Picture = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CaseSource:
    """Where cases come from.

    Attributes:
        plan: which clips, damaged how.
        clips: folder with a folder of JPEG or PNG frames for each clip.
        shapes: where outlines of damage come from; None: by rule.
    """

    plan: ValidationSet
    clips: Path
    shapes: ShapeSource | None = None

    def check(self) -> None:
        """Refuse a set whose clips are not there.

        Raises:
            SettingsError: a clip has no folder, or too few frames.
        """
        for entry in self.plan.clips:
            self._files(entry, self.plan.frames)

    def cases(self) -> Iterator[EvaluationCase]:
        """For each clip a clean case and a damaged one, then the hard negatives."""
        for place, entry in enumerate(self.plan.clips):
            plates = self._plates(entry, self.plan.frames)
            seed, recipe = self.plan.seed + place, _recipe(entry)
            undamaged = DamagedFilm(_undamaged(recipe), seed=seed)
            name = f"{entry.clip}, {plates[0].shape[0]} rows, {entry.gauge.value}"
            yield _case(f"{name}, clean", CLEAN, _frames(undamaged, plates))
            film = DamagedFilm(recipe, seed=seed, shapes=self.shapes)
            yield _case(f"{name}, {entry.recipe}", entry.recipe, _frames(film, plates))
        for place, kind in enumerate(self.plan.negatives):
            for turn in range(self.plan.negative_clips):
                yield self._negative(kind, place + turn * (len(self.plan.negatives) + 1))

    def _negative(self, kind: NegativeKind, place: int) -> EvaluationCase:
        """A clean clip with something on it that is no damage."""
        plan = self.plan
        entry = plan.clips[place % len(plan.clips)]
        plates = self._plates(entry, plan.negative_frames)
        seed = plan.seed + 1000 + place
        film = DamagedFilm(_undamaged(_recipe(entry)), seed=seed)
        if kind is NegativeKind.CUT:
            next_one = plan.clips[(place + 1) % len(plan.clips)]
            other = self._plates(next_one, plan.negative_frames)
            plates = add_negative(kind, plates, seed=seed, other=_like(other, plates[0]))
        elif not kind.after_grain:
            plates = add_negative(kind, plates, seed=seed)
        filmed = [film.filmed(p, FIRST + i) for i, p in enumerate(plates)]
        if kind.after_grain:
            happened = add_negative(kind, [f.pixels for f in filmed], seed=seed)
            filmed = [FilmedPicture(f.scene, p) for f, p in zip(filmed, happened, strict=True)]
        frames = [film.damage(f, FIRST + i) for i, f in enumerate(filmed)]
        return _case(f"{entry.clip}, {kind.value}", kind.value, frames)

    def _plates(self, entry: ValidationClip, frames: int) -> list[Picture]:
        return [_read(path, entry) for path in self._files(entry, frames)]

    def _files(self, entry: ValidationClip, frames: int) -> list[Path]:
        folder = self.clips / entry.clip
        if not folder.is_dir():
            raise SettingsError(f"'{self.clips}' has no clip '{entry.clip}'.")
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES)
        files = files[:: entry.stride][:frames]
        # A window of two neighbours on each side; a short clip is better than none.
        if len(files) < min(frames, 5):
            raise SettingsError(
                f"Clip '{folder}' has {len(files)} JPEG or PNG frames; {min(frames, 5)} are needed."
            )
        return files


def _read(path: Path, entry: ValidationClip) -> Picture:
    """(H, W, 1 or 3) float32 code values 0 to 1."""
    import cv2

    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise UnreadableFrameError(f"'{path}' is no readable JPEG or PNG.", path=path)
    pixels = np.ascontiguousarray(picture[..., ::-1] / np.float32(255), np.float32)
    height, width = pixels.shape[:2]
    if entry.height is not None and entry.height != height:
        size = (round(width * entry.height / height), entry.height)
        how = cv2.INTER_AREA if entry.height < height else cv2.INTER_CUBIC
        pixels = np.clip(np.asarray(cv2.resize(pixels, size, interpolation=how)), 0, 1)
    if entry.monochrome:
        pixels = luma_of(pixels)[..., None]
    return np.ascontiguousarray(pixels, np.float32)


def _like(pictures: Sequence[Picture], model: Picture) -> list[Picture]:
    """Pictures of another clip at the size and with the channels of this one's."""
    import cv2

    height, width, channels = model.shape
    made = []
    for picture in pictures:
        scaled = np.asarray(cv2.resize(picture, (width, height)), np.float32)
        scaled = scaled.reshape(height, width, picture.shape[2])
        if scaled.shape[2] > channels:
            scaled = luma_of(scaled)[..., None]
        made.append(np.ascontiguousarray(np.broadcast_to(scaled, model.shape), np.float32))
    return made


def _recipe(entry: ValidationClip) -> RecipeSettings:
    return load_recipe(entry.recipe).model_copy(update={"gauge": entry.gauge})


def _undamaged(recipe: RecipeSettings) -> RecipeSettings:
    """What is no damage of a recipe: cue marks, unsteadiness, grain and copying."""
    return RecipeSettings(
        gauge=recipe.gauge,
        cue=recipe.cue,
        grain=recipe.grain,
        weave=recipe.weave,
        flicker=recipe.flicker,
        generation=recipe.generation,
    )


def _frames(film: DamagedFilm, plates: Sequence[Picture]) -> list[DamagedFrame]:
    return [film.frame(plate, FIRST + i) for i, plate in enumerate(plates)]


def _case(name: str, group: str, frames: Sequence[DamagedFrame]) -> EvaluationCase:
    """Damaged and clean frames as 16-bit code values; damage is what can be told from grain."""
    stored = [replace(f, damaged=coded(f.damaged), clean=coded(f.clean)) for f in frames]
    return EvaluationCase(
        name,
        [f.damaged for f in stored],
        [f.clean for f in stored],
        [f.visible() for f in stored],
        [f.faint() for f in stored],
        first=FIRST,
        group=group,
    )


def coded(pixels: Picture) -> Picture:
    """Rounded to 16 bits, as a file would hold it."""
    return np.asarray(np.round(np.clip(pixels, 0, 1) * FULL) / FULL, np.float32)
