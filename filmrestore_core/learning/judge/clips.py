"""TrainingClip: folders of consecutive clean frames, and which of them show the same thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import SettingsError, UnreadableFrameError
from filmrestore_core.noise import generator

# Two frames on each side of a center, and so the fewest that a clip needs.
REACH = 2
_FEWEST_FRAMES = 2 * REACH + 1
_SUFFIXES = (".jpg", ".jpeg", ".png")
# A prefix that more of the clips share than this names a collection, not one scene.
_COLLECTION = 0.2


@dataclass(frozen=True, slots=True)
class TrainingClip:
    """A folder of consecutive clean frames.

    Attributes:
        name: of the folder.
        series: clips of one series may show the same place; they are never on both sides of a
            comparison.
        files: the frames, in order.
    """

    name: str
    series: str
    files: tuple[Path, ...]

    @property
    def digest(self) -> str:
        """SHA-256, hex, of the bytes of all frames in order."""
        whole = sha256()
        for file in self.files:
            whole.update(sha256(file.read_bytes()).digest())
        return whole.hexdigest()

    def picture(self, index: int) -> NDArray[np.float32]:
        """(H, W, 3) float32 RGB code values 0 to 1 of the frame at that place.

        Raises:
            UnreadableFrameError: it is no picture.
        """
        import cv2

        path = self.files[index]
        # imdecode takes paths of any alphabet on any system; imread does not.
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise UnreadableFrameError(f"'{path}' is no readable JPEG or PNG.", path=path)
        return np.ascontiguousarray(picture[..., ::-1] / np.float32(255), np.float32)


def find_clips(folder: Path) -> tuple[TrainingClip, ...]:
    """The clips of a folder of folders, by name.

    Raises:
        SettingsError: no folder in it holds enough JPEG or PNG frames.
    """
    found: dict[str, tuple[Path, ...]] = {}
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place.is_dir():
            files = sorted(f for f in place.iterdir() if f.suffix.lower() in _SUFFIXES)
            if len(files) >= _FEWEST_FRAMES:
                found[place.name] = tuple(files)
    if not found:
        raise SettingsError(
            f"'{folder}' holds no clip to learn from.",
            hint=f"a folder for each clip, with {_FEWEST_FRAMES} or more JPEG or PNG frames",
        )
    series = series_of(tuple(found))
    return tuple(TrainingClip(name, series[name], files) for name, files in found.items())


def series_of(names: Sequence[str]) -> dict[str, str]:
    """Clip name -> series: what stands before the first underscore, where few clips share it."""
    prefixes = {name: name.partition("_")[0] for name in names}
    sizes = Counter(prefixes.values())
    most = max(4, int(_COLLECTION * len(names)))
    return {name: p if sizes[p] <= most else name for name, p in prefixes.items()}


def kept_apart(clips: Sequence[TrainingClip], share: float, *, seed: int) -> frozenset[str]:
    """Series that are only tested on: at least `share` of the clips, chosen by the seed.

    Two series always stay to learn from.
    """
    sizes = Counter(clip.series for clip in clips)
    drawn = sorted(sizes, key=lambda s: (generator(seed, "kept apart", s).random(), s))
    apart: list[str] = []
    for series in drawn[: len(drawn) - 2]:
        if sum(sizes[s] for s in apart) >= share * len(clips):
            break
        apart.append(series)
    return frozenset(apart)
