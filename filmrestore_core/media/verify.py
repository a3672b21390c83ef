"""Proof that a result differs from its source only where it may."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.clip import Clip, MatteSource
from filmrestore_core.errors import MediaError
from filmrestore_core.frame import Frame, Part
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.header_check import compare_headers


@dataclass(frozen=True, slots=True)
class ChannelChange:
    """Samples of one channel whose bits differ.

    Attributes:
        part: name of the part; "".
        channel: its name.
        changed: samples that differ.
        outside: those of them where the matte covers nothing; 0 where no matte is given.
        box: the smallest rectangle around them, in the channel's own samples from the data
            window's origin on.
        first_outside: (x, y) of the first of them outside, likewise; None where there is none.
    """

    part: str
    channel: str
    changed: int
    outside: int
    box: Box
    first_outside: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What was found of one frame.

    Attributes:
        number: frame number.
        identical: True where the files are equal byte by byte, or all samples and metadata are.
        changes: channels that differ.
        faults: what breaks the promise besides samples outside the matte; each a few words.
        notes: differences that were asked for.
    """

    number: int
    identical: bool
    changes: tuple[ChannelChange, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> int:
        """Samples that differ."""
        return sum(c.changed for c in self.changes)

    @property
    def outside(self) -> int:
        """Samples that differ where the matte covers nothing."""
        return sum(c.outside for c in self.changes)

    @property
    def ok(self) -> bool:
        """True where the promise holds."""
        return not self.faults and self.outside == 0

    def describe(self) -> str:
        """One line for a reader."""
        if self.identical:
            return f"Frame {self.number}: identical."
        words = list(self.faults)
        for change in self.changes:
            if change.first_outside is not None:
                x, y = change.first_outside
                words.append(
                    f"{change.outside} samples of channel '{change.channel}' changed outside the "
                    f"matte, the first at {x},{y}"
                )
        if words:
            return f"Frame {self.number}: " + "; ".join(words) + "."
        return f"Frame {self.number}: {self.changed} samples changed{_where(self.changes)}."


def verify_frame(
    source: Frame,
    result: Frame,
    coverage: NDArray[np.float32] | None = None,
    *,
    box: Box | None = None,
) -> VerifyResult:
    """Compare a result with its source, bit by bit.

    Args:
        source: the frame as it was.
        result: the frame as it is.
        coverage: (H, W) float32 matte, 0..1; a sample may differ only where it is above 0, and only
            in parts of this box. Of a subsampled channel, a sample may differ where any of its
            pixels is covered. None: samples may differ anywhere and are counted.
        box: where the coverage lies; the first part's data window where None.

    Raises:
        OSError, ValueError: a file cannot be read any more.
    """
    headers = compare_headers(source, result)
    changes: list[ChannelChange] = []
    covered = None if coverage is None else coverage > 0
    if box is None and source.parts:
        box = source.parts[0].data_window
    for old, new in zip(source.parts, result.parts, strict=False):
        allowed = covered
        if covered is not None and old.data_window != box:
            allowed = np.zeros(old.data_window.shape, np.bool_)
        changes += _changes(old, new, allowed)
    identical = not (changes or headers.faults or headers.notes)
    faults, notes = tuple(headers.faults), tuple(headers.notes)
    return VerifyResult(source.number, identical, tuple(changes), faults, notes)


def verify_clip(
    source: Clip,
    result: Clip,
    *,
    mattes: MatteSource | None = None,
    numbers: FrameRange | None = None,
) -> Iterator[VerifyResult]:
    """Compare two clips frame by frame.

    Args:
        source: the clip as it was.
        result: the clip as it is.
        mattes: where samples may differ; a frame without a matte must be the same everywhere.
            None: samples may differ anywhere and are counted.
        numbers: frames to look at; all of both clips where None, so that a frame too many is
            found as well.
    """
    wanted = source.numbers.union(result.numbers) if numbers is None else numbers
    for number in wanted:
        if number not in source.numbers:
            yield VerifyResult(number, False, faults=("is not in the source",))
        elif number not in result.numbers:
            yield VerifyResult(number, False, faults=("is missing from the result",))
        elif _same_file(source, result, number):
            yield VerifyResult(number, True)
        else:
            yield _verify_number(source, result, mattes, number)


def _verify_number(
    source: Clip, result: Clip, mattes: MatteSource | None, number: int
) -> VerifyResult:
    try:
        old, new = source.read(number), result.read(number)
        if old.locked is not None and not old.parts:
            return VerifyResult(number, False, faults=(f"is {old.locked} and was changed",))
        if mattes is None:
            return verify_frame(old, new)
        box = _picture_box(old)
        given = mattes.coverage(number, box)
        coverage = np.zeros(box.shape, np.float32) if given is None else given
        return verify_frame(old, new, coverage, box=box)
    except (MediaError, OSError, ValueError) as error:
        return VerifyResult(number, False, faults=(f"cannot be compared: {error}",))


def _same_file(source: Clip, result: Clip, number: int) -> bool:
    path_of, path_to = getattr(source, "path", None), getattr(result, "path", None)
    if not (callable(path_of) and callable(path_to)):
        return False
    try:
        return filecmp.cmp(path_of(number), path_to(number), shallow=False)
    except OSError:
        return False


def _picture_box(frame: Frame) -> Box:
    """The data window of the first part that holds a picture rather than data."""
    for part in frame.parts:
        last = {name.rpartition(".")[2].upper() for name in part.planes}
        if last & {"Y", "R", "G", "B"}:
            return part.data_window
    return frame.parts[0].data_window


def _changes(old: Part, new: Part, allowed: NDArray[np.bool_] | None) -> list[ChannelChange]:
    changes = []
    for name, plane in old.planes.items():
        other = new.planes.get(name)
        if other is None or other.dtype != plane.dtype or other.shape != plane.shape:
            continue  # told as a fault of the header
        differs: NDArray[np.bool_] = np.asarray(_bits(plane) != _bits(other))
        count = int(np.count_nonzero(differs))
        if not count:
            continue
        outside, first = 0, None
        if allowed is not None:
            step = old.subsampling.get(name, (1, 1))
            wrong = differs & ~_on_grid(allowed, step, plane.shape)
            outside = int(np.count_nonzero(wrong))
            if outside:
                y, x = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
                first = (int(x), int(y))
        changes.append(ChannelChange(old.name, name, count, outside, _around(differs), first))
    return changes


def _bits(plane: NDArray[Any]) -> NDArray[Any]:
    """The samples as unsigned integers, so that NaN equals a NaN of the same bits only."""
    return np.ascontiguousarray(plane).view(f"u{plane.dtype.itemsize}")


def _on_grid(
    allowed: NDArray[np.bool_], step: tuple[int, int], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """For each sample of a subsampled channel: is any of its pixels covered."""
    across, down = step
    if step == (1, 1):
        return allowed
    height, width = shape[0] * down, shape[1] * across
    padded = np.zeros((height, width), np.bool_)
    padded[: allowed.shape[0], : allowed.shape[1]] = allowed[:height, :width]
    cells = padded.reshape(shape[0], down, shape[1], across)
    gathered: NDArray[np.bool_] = np.any(cells, axis=(1, 3))
    return gathered


def _around(mask: NDArray[np.bool_]) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    x, y = int(columns[0]), int(rows[0])
    return Box(x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)


def _where(changes: tuple[ChannelChange, ...]) -> str:
    around = Box(0, 0, 0, 0)
    for change in changes:
        around = around.union(change.box)
    channels = ", ".join(dict.fromkeys(c.channel for c in changes))
    if around.is_empty:
        return ""
    return f" in {channels}, within {around.width} x {around.height} at {around.x},{around.y}"
