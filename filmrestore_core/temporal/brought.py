"""Brought: the parts of a neighbour, made from its motion at the matching size."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.temporal.brightness import BrightnessField, brightness_field, cells, shares
from filmrestore_core.temporal.matching import Match
from filmrestore_core.temporal.motion import enlarged_part
from filmrestore_core.temporal.ready import ReadyPlate
from filmrestore_core.temporal.warp import look_up, places_of, within

# Lines that are made at a time: what is between is still in the cache when it is used.
_BAND = 128


class Brought:
    """AlignedParts of a plate that was matched to a center.

    A pixel of any part is made by the same steps from the same numbers, so it does not depend on
    which part it was asked for in.
    """

    def __init__(
        self, neighbor: ReadyPlate, center: ReadyPlate, match: Match, validity: NDArray[np.float32]
    ) -> None:
        """Keep what parts are made from.

        Args:
            neighbor: the plate to bring.
            center: the plate it was matched to.
            match: how.
            validity: (h, w) float32 0..1 at the matching size.
        """
        self._neighbor = neighbor
        self._center = center
        self._flow = match.flow
        self._inside = match.inside
        self._validity = validity
        self._lock = threading.Lock()
        mono = neighbor.plate.is_monochrome
        self._brightness = (match.brightness, match.brightness) if mono else None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C) of the whole."""
        height, width, channels = self._neighbor.plate.pixels.shape
        return height, width, channels

    def pixels_in(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        """(h, w, C) float32: cubic resampling of the plate, brightness matched."""
        pixels = self._neighbor.plate.pixels
        return self._resampled(pixels, self._matched()[0], rows, columns)

    def luma_in(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        """(h, w) float32: cubic resampling of the plate's luma, brightness matched."""
        luma = self._neighbor.luma[..., None]
        return self._resampled(luma, self._matched()[1], rows, columns)[..., 0]

    def validity_in(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        """(h, w) float32: 0 where the place lies outside the neighbour's picture."""
        step = self._neighbor.step
        found = np.array(enlarged_part(self._validity, step, rows, columns), order="C")
        for down, right in _beside(rows, columns, self._sure):
            for band, lines in _bands(down):
                places = self._places(band, right)
                inside = within(places, self.shape[:2])
                if self._neighbor.finite is not None:
                    whole = look_up(self._neighbor.whole, places, kind="linear", outside=0.0)
                    inside &= whole > 0.999
                first = (down.start - rows.start) // rows.step
                left = (right.start - columns.start) // columns.step
                part = found[first:, left:][lines, : inside.shape[1]]
                np.copyto(part, np.float32(0), where=~inside)
        return found

    @cached_property
    def _sure(self) -> tuple[slice, slice]:
        """Rows and columns of a part that is seen in the neighbour, whichever way it is asked."""
        if self._neighbor.finite is not None:
            return slice(0, 0), slice(0, 0)
        step = self._neighbor.step
        height, width = (size // step for size in self.shape[:2])
        # Between two cells the flow lies between theirs: one cell from the rim is far enough.
        places = places_of(self._flow)
        seen = within(places, (height, width), margin=1)
        top, bottom, left, right = 0, seen.shape[0], 0, seen.shape[1]
        # The rim is taken off, where most of it is not seen first, until all that is left is.
        while top < bottom and left < right and not seen[top:bottom, left:right].all():
            rims = (
                (top, slice(left, right)),
                (bottom - 1, slice(left, right)),
                (slice(top, bottom), left),
                (slice(top, bottom), right - 1),
            )
            worst = int(np.argmin([seen[rim].mean() for rim in rims]))
            if seen[rims[worst]].all():
                return slice(0, 0), slice(0, 0)
            top, bottom = top + 8 * (worst == 0), bottom - 8 * (worst == 1)
            left, right = left + 8 * (worst == 2), right - 8 * (worst == 3)
        if bottom - top < 3 or right - left < 3:
            return slice(0, 0), slice(0, 0)
        return (
            slice((top + 1) * step, (bottom - 1) * step),
            slice((left + 1) * step, (right - 1) * step),
        )

    def flow_in(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        """(h, w, 2) float32 px."""
        return np.ascontiguousarray(self._moved(rows, columns))

    def _moved(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        step = self._neighbor.step
        return enlarged_part(self._flow, step, rows, columns, np.float32(step))

    def _places(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        return places_of(self._moved(rows, columns), rows, columns)

    def _resampled(
        self,
        source: NDArray[np.float32],
        brightness: BrightnessField,
        rows: slice,
        columns: slice,
    ) -> NDArray[np.float32]:
        found = np.empty((*_shape(rows, columns), source.shape[2]), np.float32)
        for band, lines in _bands(rows):
            look_up(source, self._places(band, columns), kind="cubic", into=found[lines])
            brightness.apply(found[lines], band, columns, self.shape[:2])
        return found

    def _matched(self) -> tuple[BrightnessField, BrightnessField]:
        """What matches the channels, and what matches their luma."""
        with self._lock:
            if self._brightness is None:
                channels, luma = self._color_match()
                self._brightness = channels, luma
            return self._brightness

    def _color_match(self) -> tuple[BrightnessField, BrightnessField]:
        # Brightness is a matter of large cells: they are gathered from a small picture.
        ratio = self._neighbor.color_step // self._neighbor.step
        flow = self._flow
        if ratio > 1:
            flow = flow[::ratio, ::ratio] / np.float32(ratio)
        kind = "cubic" if self._neighbor.color_step == 1 else "linear"
        moved = look_up(self._neighbor.colors, places_of(flow), kind=kind)
        share = shares(self._inside)
        there = cells(moved, share.shape[:2])
        channels = brightness_field(self._center.color_cells, there, share)
        return channels, channels.of_luma(there)


def _bands(rows: slice) -> Iterator[tuple[slice, slice]]:
    """Some of the picture's rows, and which of those asked for they are."""
    numbers = range(rows.start, rows.stop, rows.step)
    for first in range(0, len(numbers), _BAND):
        some = numbers[first : first + _BAND]
        yield slice(some.start, some.stop, some.step), slice(first, first + len(some))


def _shape(rows: slice, columns: slice) -> tuple[int, int]:
    high, wide = (len(range(s.start, s.stop, s.step)) for s in (rows, columns))
    return high, wide


def _beside(rows: slice, columns: slice, sure: tuple[slice, slice]) -> list[tuple[slice, slice]]:
    """What of a part lies beside another one."""
    if rows.step != 1 or columns.step != 1:
        return [(rows, columns)]
    top, bottom = (min(max(v, rows.start), rows.stop) for v in (sure[0].start, sure[0].stop))
    left, right = (min(max(v, columns.start), columns.stop) for v in (sure[1].start, sure[1].stop))
    if top >= bottom or left >= right:
        return [(rows, columns)]
    around = [
        (slice(rows.start, top, 1), columns),
        (slice(bottom, rows.stop, 1), columns),
        (slice(top, bottom, 1), slice(columns.start, left, 1)),
        (slice(top, bottom, 1), slice(right, columns.stop, 1)),
    ]
    return [(r, c) for r, c in around if r.start < r.stop and c.start < c.stop]
