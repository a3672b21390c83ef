"""Delivery: what a restored frame carries besides the picture, and where it all goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import LockedFrameError
from filmrestore_core.matte import Matte
from filmrestore_core.media.claims import Claim
from filmrestore_core.media.matte_writer import MatteWriter
from filmrestore_core.media.writer import FrameWriter
from filmrestore_core.report import DamageReport
from filmrestore_core.restore.restorer import Restored
from filmrestore_core.restore.sequence import Claimed

MATTE_CHANNEL = "damage.A"

_CLAIMED = {Claim.MINE: Claimed.MAKE, Claim.DONE: Claimed.DONE, Claim.BUSY: Claimed.BUSY}


class MatteSink(Protocol):
    """Where mattes go."""

    def write(self, matte: Matte) -> object:
        """Write one matte whole, or raise and leave nothing."""
        ...


class _Sink:
    """What all sinks do alike: claims and records are the writer's."""

    def __init__(
        self, writer: FrameWriter | MatteWriter, written: Callable[[Restored], None]
    ) -> None:
        self._numbered = writer
        self._written = written

    def claim(self, number: int) -> Claimed:
        """Ask for a frame; see ResultSink."""
        return _CLAIMED[self._numbered.claim(number)]

    def recorded(self, number: int) -> DamageReport:
        """The report kept when the frame was written; see ResultSink."""
        values = self._numbered.recorded(number)
        if values is None:
            return DamageReport(number=number, width=0, height=0)
        return DamageReport.from_json(values)

    def release(self, number: int) -> None:
        """Give a claimed frame back; see ResultSink."""
        self._numbered.release(number)

    def finish(self) -> tuple[str, ...]:
        """Make what needs all frames; see ResultSink."""
        return (*self._numbered.notes, *self._numbered.finish())


class Delivery(_Sink):
    """A ResultSink: the picture through a FrameWriter, the matte beside it or inside it."""

    def __init__(
        self,
        writer: FrameWriter,
        *,
        mattes: MatteSink | None = None,
        matte_channel: bool = False,
        provenance: str | None = None,
        written: Callable[[Restored], None] = lambda restored: None,
    ) -> None:
        """Deliver to a writer.

        Args:
            writer: of the pictures.
            mattes: of the mattes; an untouched frame gives an empty one.
            matte_channel: also add the matte to the picture's file as channel "damage.A", on
                every frame, so that all files of the sequence have the same channels.
            provenance: text for the attribute "filmrestore" of restored EXR frames; headers of
                other formats stay as they are.
            written: told of each frame that came out.
        """
        super().__init__(writer, written)
        self._writer = writer
        self._mattes = mattes
        self._matte_channel = matte_channel
        self._provenance = provenance

    def write(self, restored: Restored) -> DamageReport:
        """Write matte, then picture; see ResultSink."""
        # The matte first: a frame counts as done once its picture is there.
        if self._mattes is not None:
            self._mattes.write(matte_of(restored))
        report = restored.report
        channels: dict[str, NDArray[Any]] | None = None
        if self._matte_channel:
            channels = {MATTE_CHANNEL: matte_of(restored).coverage.astype(np.float16)}
        attributes = None
        source = restored.original.source
        takes_text = source is not None and source.suffix.lower() == ".exr"
        if self._provenance is not None and takes_text and not restored.is_untouched:
            attributes = {"filmrestore": self._provenance}
        done = self._writer.write(
            restored.original,
            None if restored.is_untouched else restored.frame,
            extra_channels=channels,
            attributes=attributes,
            extra=lambda notes: replace(report, notes=(*report.notes, *notes)).to_json(),
        )
        self._written(restored)
        return replace(report, notes=(*report.notes, *done.notes))


class MatteDelivery(_Sink):
    """A ResultSink of mattes alone."""

    def __init__(
        self, writer: MatteWriter, *, written: Callable[[Restored], None] = lambda restored: None
    ) -> None:
        """Deliver to a writer.

        Args:
            writer: of the mattes.
            written: told of each frame that came out.
        """
        super().__init__(writer, written)
        self._writer = writer

    def write(self, restored: Restored) -> DamageReport:
        """Write the matte; see ResultSink."""
        self._writer.write(matte_of(restored), extra=restored.report.to_json())
        self._written(restored)
        return restored.report


def matte_of(restored: Restored) -> Matte:
    """The frame's matte, an empty one where nobody looked.

    Raises:
        LockedFrameError: the frame's picture could not be read at all.
    """
    if restored.matte is not None:
        return restored.matte
    number, original = restored.report.number, restored.original
    if not original.parts:
        raise LockedFrameError(
            f"Frame {number} is {original.locked}: it has no matte.", frame=number
        )
    return Matte.empty(number, original.parts[0].data_window)
