"""Contact sheets of the largest holes, one row for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.inpaint.planes import CENTER
from filmrestore_core.learning.compare_fills.hole_crops import HoleCrop, HoleKind

Picture = NDArray[np.float32]

ROWS = 4
_ZOOM = 2
_HEAD, _GAP = 18, 4
_QUALITY = 80
_FONT_SCALE = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class SheetRow:
    """One crop.

    Attributes:
        title: what hole it is.
        pictures: (h, w, 3) float32 plate units, one for each column.
    """

    title: str
    pictures: tuple[Picture, ...]


def choose_rows(crops: Sequence[HoleCrop], most: int) -> list[HoleCrop]:
    """The crops with the largest holes, as many of each kind as there are, turn by turn.

    Args:
        crops: to choose from.
        most: rows in all.
    """
    ranked: list[list[HoleCrop]] = []
    for kind in (HoleKind.UNSHOWN, HoleKind.SHOWN, HoleKind.MISLED):
        sized = [(max((h.area for h in c.holes if h.kind is kind), default=0), c) for c in crops]
        sized.sort(key=lambda pair: (-pair[0], pair[1].key))
        ranked.append([c for area, c in sized if area > 0])
    chosen: list[HoleCrop] = []
    for turn in range(len(crops)):
        for those in ranked:
            if turn < len(those) and those[turn] not in chosen and len(chosen) < most:
                chosen.append(those[turn])
    return chosen


def row_title(crop: HoleCrop) -> str:
    """Its largest hole in words."""
    largest = max(crop.holes, key=lambda h: h.area)
    return f"{largest.area} px, {largest.kind.value}"


def damaged_picture(crop: HoleCrop) -> Picture:
    """(h, w, 3): the crop as it was found."""
    return np.ascontiguousarray(np.moveaxis(crop.planes[CENTER], 0, -1))


def write_sheets(
    folder: Path, name: str, columns: Sequence[str], rows: Sequence[SheetRow]
) -> list[Path]:
    """JPEG sheets of ROWS rows each.

    Args:
        folder: where to.
        name: of the files, which are numbered.
        columns: titles.
        rows: at least one, each with as many pictures as there are columns.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, first in enumerate(range(0, len(rows), ROWS), start=1):
        path = folder / f"{name}-{number}.jpg"
        path.write_bytes(_jpeg(_sheet(columns, rows[first : first + ROWS])))
        written.append(path)
    return written


def _sheet(columns: Sequence[str], rows: Sequence[SheetRow]) -> NDArray[np.uint8]:
    height, width = (_ZOOM * n for n in rows[0].pictures[0].shape[:2])
    tall = _HEAD + len(rows) * (height + _HEAD + _GAP)
    sheet = np.full((tall, len(columns) * (width + _GAP) + _GAP, 3), 24, np.uint8)
    for i, title in enumerate(columns):
        _write(sheet, title, _GAP + i * (width + _GAP), _HEAD - 6)
    for j, row in enumerate(rows):
        top = _HEAD + j * (height + _HEAD + _GAP)
        _write(sheet, row.title, _GAP, top + _HEAD - 6)
        for i, picture in enumerate(row.pictures):
            left = _GAP + i * (width + _GAP)
            sheet[top + _HEAD : top + _HEAD + height, left : left + width] = _codes(picture)
    return sheet


def _codes(picture: Picture) -> NDArray[np.uint8]:
    codes = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return codes.repeat(_ZOOM, axis=0).repeat(_ZOOM, axis=1)


def _write(sheet: NDArray[np.uint8], text: str, x: int, y: int) -> None:
    import cv2

    plain = text.encode("ascii", "replace").decode()
    cv2.putText(
        sheet, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, _FONT_SCALE, (230,) * 3, 1, cv2.LINE_AA
    )


def _jpeg(sheet: NDArray[np.uint8]) -> bytes:
    import cv2

    done, coded = cv2.imencode(
        ".jpg", np.ascontiguousarray(sheet[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )
    if not done:
        raise OSError("The sheet could not be coded as JPEG.")
    return bytes(coded.tobytes())
