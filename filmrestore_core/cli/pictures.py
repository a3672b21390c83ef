"""PictureBook: small before / matte / after pictures of the frames with most damage."""

from __future__ import annotations

import base64
import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.color.channels import picture_part
from filmrestore_core.color.preview import preview_pixels
from filmrestore_core.color.suggest import choose_encoding
from filmrestore_core.color.working import to_plate
from filmrestore_core.frame import Frame
from filmrestore_core.matte import Matte
from filmrestore_core.restore.restorer import Restored

Picture = NDArray[np.uint8]

_WHOLE_WIDTH = 720
_CLOSE_SIDE = 160
_MATTE_RED = np.array((235, 40, 40), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Pictures of one frame, as data URIs of JPEG files.

    Attributes:
        number: frame number.
        covered: covered pixels.
        before: the frame as it was.
        matte: the frame with its matte in red.
        after: the restored frame.
        close: (before, matte, after) of a square around the largest piece of damage.
    """

    number: int
    covered: int
    before: str
    matte: str
    after: str
    close: tuple[str, str, str]


class PictureBook:
    """Keeps pictures of the worst frames that it is offered, and no more than that."""

    def __init__(self, *, most: int = 6, encoding: str = "auto") -> None:
        self._most = most
        self._encoding = encoding
        self._heap: list[tuple[int, int, Page]] = []

    @property
    def pages(self) -> list[Page]:
        """The kept pages, worst first."""
        return [page for *_, page in sorted(self._heap, key=lambda e: (-e[0], -e[1]))]

    def wants(self, number: int, covered: int) -> bool:
        """True where a frame with so much damage would be kept."""
        if not covered or not self._most:
            return False
        return len(self._heap) < self._most or (covered, -number) > self._heap[0][:2]

    def offer(self, restored: Restored) -> None:
        """Keep the frame's pictures if it is among the worst so far."""
        number, covered = restored.report.number, restored.report.covered
        if restored.matte is None or not self.wants(number, covered):
            return
        page = self._draw(restored, restored.matte)
        push = heapq.heappush if len(self._heap) < self._most else heapq.heapreplace
        push(self._heap, (covered, -number, page))

    def _draw(self, restored: Restored, matte: Matte) -> Page:
        before = self._picture(restored.original)
        after = before if restored.is_untouched else self._picture(restored.frame)
        overlay = with_matte(before, matte.coverage)
        square = _close_box(matte)
        close = [_jpeg(_enlarged(p[square.slices(matte.box)])) for p in (before, overlay, after)]
        return Page(
            restored.report.number,
            restored.report.covered,
            _jpeg(_reduced(before)),
            _jpeg(_reduced(overlay)),
            _jpeg(_reduced(after)),
            (close[0], close[1], close[2]),
        )

    def _picture(self, frame: Frame) -> Picture:
        part = frame.parts[picture_part(frame)]
        encoding = choose_encoding(self._encoding, part, frame.source)[0]
        picture = preview_pixels(to_plate(frame, encoding).pixels, encoding)
        return np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture


def with_matte(picture: Picture, coverage: NDArray[np.float32]) -> Picture:
    """The picture with covered pixels in red."""
    weight = np.clip(coverage, 0.0, 1.0)[..., None] * 0.85
    mixed: Picture = np.rint(picture * (1.0 - weight) + _MATTE_RED * weight).astype(np.uint8)
    return mixed


def _close_box(matte: Matte) -> Box:
    """A square around the largest piece that is no scratch, else around the largest piece."""
    short = [d for d in matte.defects if max(d.box.width, d.box.height) <= _CLOSE_SIDE]
    box = matte.box
    if matte.defects:
        largest = max(short or matte.defects, key=lambda d: (d.area, -d.box.y, -d.box.x))
        x, y = largest.box.x + largest.box.width // 2, largest.box.y + largest.box.height // 2
    else:
        rows, columns = np.nonzero(matte.coverage > 0)
        x, y = box.x + int(columns[0]), box.y + int(rows[0])
    width, height = min(_CLOSE_SIDE, box.width), min(_CLOSE_SIDE, box.height)
    left = min(max(x - width // 2, box.x), box.right - width)
    top = min(max(y - height // 2, box.y), box.bottom - height)
    return Box(left, top, width, height)


def _reduced(picture: Picture) -> Picture:
    import cv2

    height, width = picture.shape[:2]
    if width <= _WHOLE_WIDTH:
        return picture
    size = (_WHOLE_WIDTH, max(1, round(height * _WHOLE_WIDTH / width)))
    small: Picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    return small


def _enlarged(picture: Picture) -> Picture:
    """Twice the size, each pixel a square: one must see what each pixel does."""
    large: Picture = np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)
    return large


def _jpeg(picture: Picture) -> str:
    import cv2

    bgr = np.ascontiguousarray(picture[..., ::-1])
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 88])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
