"""Five consecutive clean pictures: cut from footage, or made by moving a photograph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import SettingsError, UnreadableFrameError
from filmrestore_core.learning.judge.clips import REACH, TrainingClip, find_clips

Picture = NDArray[np.float32]

FRAMES = 2 * REACH + 1
_STILLS = (".jpg", ".jpeg", ".png")
_SHARE_OF_STILLS = 0.22
_STRIDES = (1, 1, 1, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where clean pictures come from.

    Attributes:
        clips: footage.
        stills: photographs.
    """

    clips: tuple[TrainingClip, ...]
    stills: tuple[Path, ...]

    def draw(
        self, rng: np.random.Generator, height: int, width: int, *, plain: bool = False
    ) -> tuple[str, list[Picture]]:
        """Name of what was taken, and five (height, width, 3) float32 pictures, 0 to 1.

        Args:
            rng: of the window.
            height: px.
            width: px.
            plain: footage only, and every frame of it.
        """
        if not plain and self.stills and rng.random() < _SHARE_OF_STILLS:
            path = self.stills[int(rng.integers(len(self.stills)))]
            return path.name, _moved(_read(path), rng, height, width)
        clip = self.clips[int(rng.integers(len(self.clips)))]
        return clip.name, _cut(clip, rng, height, width, plain=plain)


def find_sources(folder: Path, apart: Sequence[str], *, validation: bool) -> Sources:
    """What a data folder holds: clean/video/<clip>/*.jpg and clean/stills/*.

    Args:
        folder: the data folder.
        apart: clips or series of clips (see `series_of`) kept for validation; none: the series of
            every sixth clip.
        validation: whether those or the others are wanted; every sixth still is kept apart too.

    Raises:
        SettingsError: there is no clip of that side.
    """
    clips = find_clips(folder / "clean" / "video")
    held = set(apart) or {clip.series for clip in clips[::6]}
    chosen = tuple(c for c in clips if ({c.name, c.series} & held != set()) == validation)
    if not chosen:
        raise SettingsError(f"'{folder}' has no clip to {'validate' if validation else 'learn'}.")
    place = folder / "clean" / "stills"
    stills = sorted(f for f in place.rglob("*") if f.suffix.lower() in _STILLS)
    return Sources(chosen, tuple(f for i, f in enumerate(stills) if (i % 6 == 0) == validation))


def _cut(
    clip: TrainingClip, rng: np.random.Generator, height: int, width: int, *, plain: bool
) -> list[Picture]:
    import cv2

    drawn = 1 if plain else int(rng.choice(_STRIDES))
    stride = min(drawn, (len(clip.files) - 1) // (FRAMES - 1))
    first = int(rng.integers(0, len(clip.files) - stride * (FRAMES - 1)))
    pictures = [clip.picture(first + stride * i) for i in range(FRAMES)]
    if rng.random() < 0.3:
        pictures.reverse()
    high, wide = pictures[0].shape[:2]
    # Smaller pictures of the same film have sharper edges and coarser grain.
    least = max(height / high, width / wide)
    scale = max(least, float(np.exp(rng.uniform(np.log(0.5), np.log(1.25)))))
    size = (max(width, round(wide * scale)), max(height, round(high * scale)))
    x = int(rng.integers(0, size[0] - width + 1))
    y = int(rng.integers(0, size[1] - height + 1))
    flipped = rng.random() < 0.5
    flag = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    cut = []
    for picture in pictures:
        resized = cv2.resize(picture, size, interpolation=flag)[y : y + height, x : x + width]
        cut.append(resized[:, ::-1] if flipped else resized)
    return [np.ascontiguousarray(np.clip(c, 0, 1), np.float32) for c in cut]


def _moved(still: Picture, rng: np.random.Generator, height: int, width: int) -> list[Picture]:
    """A camera that pans, turns and zooms over a photograph, sometimes unsteadily."""
    import cv2

    high, wide = still.shape[:2]
    zoom = max(height / high, width / wide) * float(np.exp(rng.uniform(0.0, 0.7)))
    zoom = min(zoom, 2.5)
    speed = float(np.exp(rng.uniform(np.log(0.05), np.log(30)))) * (rng.random() < 0.8)
    angle = rng.uniform(0, 2 * np.pi)
    velocity = speed * np.asarray([np.cos(angle), np.sin(angle)])
    turn = rng.normal(0, 0.4) if rng.random() < 0.4 else 0.0
    grow = rng.normal(0, 0.012) if rng.random() < 0.4 else 0.0
    shake = rng.normal(0, rng.uniform(0, 1.5), (FRAMES, 2))
    middle = np.asarray([rng.uniform(0.3, 0.7) * wide, rng.uniform(0.3, 0.7) * high])
    pictures = []
    for i in range(FRAMES):
        step = i - REACH
        place = cv2.getRotationMatrix2D(
            (float(middle[0]), float(middle[1])), turn * step, zoom * (1 + grow * step)
        )
        shift = np.asarray([width / 2, height / 2]) - middle + velocity * step + shake[i]
        place[:, 2] += shift
        source = cv2.GaussianBlur(still, (0, 0), 0.45 / zoom) if zoom < 0.7 else still
        pictures.append(
            np.asarray(
                cv2.warpAffine(
                    source,
                    place,
                    (width, height),
                    flags=cv2.INTER_CUBIC,
                    borderMode=cv2.BORDER_REFLECT_101,
                ),
                np.float32,
            )
        )
    return [np.clip(p, 0, 1) for p in pictures]


def _read(path: Path) -> Picture:
    import cv2

    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise UnreadableFrameError(f"'{path}' is no readable JPEG or PNG.", path=path)
    return np.ascontiguousarray(picture[..., ::-1] / np.float32(255), np.float32)
