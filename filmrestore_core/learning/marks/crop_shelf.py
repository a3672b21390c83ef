"""CropShelf: pictures of marks, in files that are read one crop at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.models.whole_file import write_whole

# Crops are held as signed bytes.
_STEPS = 127


@dataclass(frozen=True, slots=True, eq=False)
class CropShelf:
    """Crops of many windows.

    Attributes:
        files: one of each window.
        file: (M,) which file a crop lies in.
        row: (M,) which of its crops.
        mark: (M,) which candidate of all windows it shows.
    """

    files: tuple[Path, ...]
    file: NDArray[np.int64]
    row: NDArray[np.int64]
    mark: NDArray[np.int64]

    @classmethod
    def of(cls, paths: Sequence[Path], counts: Sequence[int]) -> CropShelf:
        """The crops beside the marks of some windows.

        Args:
            paths: where each window's marks are kept; see `keep`.
            counts: marks of each window.
        """
        starts = np.cumsum([0, *counts])
        shown = [np.load(_rows(path), allow_pickle=False) for path in paths]
        none = np.zeros(0, np.int64)
        return cls(
            tuple(_crops(path) for path in paths),
            np.concatenate([none, *(np.full(len(s), i) for i, s in enumerate(shown))]),
            np.concatenate([none, *(np.arange(len(s)) for s in shown)]),
            np.concatenate([none, *(s + start for s, start in zip(shown, starts, strict=False))]),
        )

    @staticmethod
    def keep(path: Path, crops: NDArray[np.float32], shown: NDArray[np.int64]) -> None:
        """Write the crops of a window.

        Args:
            path: where its marks are kept.
            crops: (M, C, SIDE, SIDE) float32 -1..1.
            shown: (M,) which of the window's marks each shows.
        """
        held = np.round(crops * np.float32(_STEPS)).astype(np.int8)
        for file, array in ((_crops(path), held), (_rows(path), shown.astype(np.int64))):
            write_whole(file, _npy(array))

    @staticmethod
    def has(path: Path) -> bool:
        """Whether a window's crops are there."""
        return _crops(path).is_file() and _rows(path).is_file()

    def take(self, at: NDArray[np.int64]) -> NDArray[np.float32]:
        """Some crops, in steps of a byte.

        Args:
            at: (n,) which.

        Returns:
            (n, C, SIDE, SIDE) float32 -1..1.
        """
        held = [np.load(self.files[self.file[i]], mmap_mode="r")[self.row[i]] for i in at]
        return np.stack(held).astype(np.float32) / np.float32(_STEPS)


def _crops(path: Path) -> Path:
    return path.with_suffix(".crops.npy")


def _rows(path: Path) -> Path:
    return path.with_suffix(".shown.npy")


def _npy(array: NDArray[np.generic]) -> bytes:
    from io import BytesIO

    made = BytesIO()
    np.save(made, array, allow_pickle=False)
    return made.getvalue()
