"""SequenceWriter: restored and untouched frames into numbered image files, one per call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from numpy.typing import NDArray

from filmrestore_core.frame import AttributeValue, Frame
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.byte_copy import copy_bytes
from filmrestore_core.media.claims import Claim
from filmrestore_core.media.image_file import write_new, write_restored
from filmrestore_core.media.output_sequence import OutputSequence

Extra = Mapping[str, Any] | Callable[[tuple[str, ...]], Mapping[str, Any]]
"""What a caller wants to find again, at once or made from the notes of writing."""


AsImage = Callable[[Frame], Frame]
"""A movie's or host's frame -> the same picture in channels and types that image files hold."""


@dataclass(frozen=True, slots=True)
class Written:
    """A frame that came out.

    Attributes:
        number: frame number.
        path: its file.
        copied: True where the file is a byte copy of the source's.
        nbytes: size of the file; 0 for one of a movie's frames.
        notes: what the user should know, one sentence each.
    """

    number: int
    path: Path
    copied: bool
    nbytes: int
    notes: tuple[str, ...] = ()


@runtime_checkable
class FrameWriter(Protocol):
    """Where frames go.

    For each frame: `claim` it; DONE and BUSY are not to be made; MINE ends with `write` or
    `release`. After the last one `finish`, which a stopped run leaves out, then `close`. Leaving a
    `with` block closes, by an exception as well, and whole frames stay.
    """

    @property
    def numbers(self) -> FrameRange:
        """The frames that are to be written."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the output as a whole."""
        ...

    def path(self, number: int) -> Path:
        """The file a frame goes to."""
        ...

    def is_done(self, number: int) -> bool:
        """True where the frame is there, whole and up to date."""
        ...

    def recorded(self, number: int) -> dict[str, Any] | None:
        """The `extra` given when the frame was written; None where it is not done."""
        ...

    def claim(self, number: int) -> Claim:
        """Ask for a frame before working on it.

        Raises:
            UnwritableFrameError: it cannot be asked for.
        """
        ...

    def release(self, number: int) -> None:
        """Give back a frame that will not be written; harmless where it is not ours."""
        ...

    def write(
        self,
        original: Frame,
        restored: Frame | None = None,
        *,
        extra_channels: Mapping[str, NDArray[Any]] | None = None,
        attributes: Mapping[str, AttributeValue] | None = None,
        extra: Extra | None = None,
    ) -> Written:
        """Write one frame whole, or raise and leave nothing of it.

        Args:
            original: the frame as read.
            restored: the frame to write; None, or the very `original`, where nothing was changed.
            extra_channels: channel name -> plane to add, such as a matte.
            attributes: metadata to add.
            extra: JSON that `recorded` gives back; where it is a function, it is called with the
                notes of `Written` once the file is whole.

        Raises:
            UnwritableFrameError: it did not come out; `output_sequence.stops_the_run` tells whether
                the next frame would.
            UnreadableFrameError: the source of a copy is gone or changes.
            LockedFrameError: the frame can be copied but not changed.
        """
        ...

    def finish(self) -> tuple[str, ...]:
        """Make what can only be made of all frames: a movie. No more frames are written after it.

        Returns:
            What the user should know, one sentence each.

        Raises:
            UnwritableFrameError: it did not come out; finished frames stay for the next run.
        """
        ...

    def close(self) -> None:
        """End: wait for the disk, give back claims. A second call does nothing."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class NumberedWriter:
    """What writers of numbered files share: claims, and what was recorded. Thread-safe."""

    def __init__(self, output: OutputSequence, numbers: FrameRange) -> None:
        """Write to an output.

        Args:
            output: the files, opened; closed with this writer.
            numbers: the frames that are to be written.
        """
        self._output = output
        self._numbers = numbers

    @property
    def numbers(self) -> FrameRange:
        """The frames that are to be written."""
        return self._numbers

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the output as a whole."""
        return ()

    def path(self, number: int) -> Path:
        """The file a frame goes to."""
        return self._output.path(number)

    def is_done(self, number: int) -> bool:
        """True where the frame is there, whole and up to date."""
        return self._output.is_done(number)

    def recorded(self, number: int) -> dict[str, Any] | None:
        """The `extra` given when the frame was written; None where it is not done."""
        return self._output.recorded(number)

    def claim(self, number: int) -> Claim:
        """Ask for a frame before working on it.

        Raises:
            UnwritableFrameError: it cannot be asked for.
        """
        return self._output.claim(number)

    def release(self, number: int) -> None:
        """Give back a frame that will not be written; harmless where it is not ours."""
        self._output.release(number)

    def finish(self) -> tuple[str, ...]:
        """Nothing is left to do: every file is whole as soon as it is there."""
        return ()

    def close(self) -> None:
        """End: wait for the disk, give back claims. A second call does nothing."""
        self._output.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class SequenceWriter(NumberedWriter):
    """Frames into numbered image files; a FrameWriter.

    An untouched frame is a byte copy of its source file. A restored one is written in its file's
    own format by `write_restored`, which keeps the bits of all it was not asked to change. A frame
    without a file of its own (of a movie, a host) is written afresh.
    """

    def __init__(
        self,
        output: OutputSequence,
        numbers: FrameRange,
        *,
        keep_compression: bool = False,
        as_image: AsImage | None = None,
    ) -> None:
        """Write to an output.

        Args:
            output: the files, opened; closed with this writer.
            numbers: the frames that are to be written.
            keep_compression: keep a lossy compression by touching only the chunks that hold
                restored samples, instead of storing the part lossless.
            as_image: makes of a frame without a file one that the output's format can hold; None
                writes its samples as they are.
        """
        super().__init__(output, numbers)
        self._keep_compression = keep_compression
        self._as_image = as_image

    def write(
        self,
        original: Frame,
        restored: Frame | None = None,
        *,
        extra_channels: Mapping[str, NDArray[Any]] | None = None,
        attributes: Mapping[str, AttributeValue] | None = None,
        extra: Extra | None = None,
    ) -> Written:
        """Write one frame whole; see FrameWriter."""
        source = original.source
        frame = original if restored is None else restored
        notes: list[str] = []
        copied = source is not None and frame is original and not extra_channels and not attributes

        def make(temp: Path) -> None:
            if source is None:
                image = frame if self._as_image is None else self._as_image(frame)
                notes.extend(note for note in image.notes if note not in frame.notes)
                made = write_new(temp, image)
            elif copied:
                copy_bytes(source, temp)
                return
            else:
                made = write_restored(
                    source,
                    frame,
                    temp,
                    original=original,
                    keep_compression=self._keep_compression,
                    extra_channels=extra_channels,
                    attributes=attributes,
                )
            notes.extend(made.notes)

        def told() -> Mapping[str, Any]:
            return extra(tuple(notes)) if callable(extra) else extra or {}

        nbytes = self._output.place(
            original.number, make, extra=told, digest=not copied, needed=frame.nbytes
        )
        return Written(original.number, self.path(original.number), copied, nbytes, tuple(notes))
