"""MovieReader: packets and decoded pictures of one movie, in the file's order."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from filmrestore_core.errors import MediaError
from filmrestore_core.media.movie_facts import DecodeStep
from filmrestore_core.media.movie_file import (
    LIBAV_ERRORS,
    listening,
    open_input,
    picture_of,
    reason_of,
)
from filmrestore_core.media.movie_header import facts_of, picture_stream
from filmrestore_core.media.movie_index import MovieIndex, PacketEntry

# Broken spots of a container that are skipped before the rest counts as lost.
_MOST_BREAKS = 100

# Where index entries hold presentation times as long as no frame is stored out of order.
_INDEXED = "mov"


class MovieReader:
    """A movie open for reading, from one thread at a time."""

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        """Open a movie and read its header.

        Args:
            path: the file.
            threads: that decode one frame together; 0 for as many as the machine has.

        Raises:
            UnreadableFrameError: no regular file, or no movie this library knows.
            MediaError: it holds no picture stream, or one larger than LARGEST_PICTURE_PIXELS.
        """
        self._container = open_input(path)
        self._demux: Iterator[Any] | None = None
        try:
            self._stream = picture_stream(self._container, path)
            self.facts = facts_of(self._container, self._stream, path)
            context = self._stream.codec_context
            # Threads that share one frame finish it before the call returns, so that what the
            # log says belongs to the packet just fed; threads with a frame each would not.
            context.thread_type = "SLICE"
            context.thread_count = threads
            context.options = {"err_detect": "crccheck"}  # where a codec has checksums, use them
        except BaseException:
            self._container.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._demux = None
        with listening():
            self._container.close()

    def scan(self) -> tuple[MovieIndex, Fraction | None, tuple[str, ...]]:
        """Find every packet of the picture stream.

        QuickTime's own index is taken where each frame stands alone; else the file is read
        through once, without decoding.

        Returns:
            The index; the time in seconds at which the last packet of any stream ends, None where
            the file was not read through; what the library complained about.

        Raises:
            MediaError: frames without a presentation time, or two at one time.
        """
        self._demux = None
        entries = self._indexed_entries()
        if entries is not None:
            return self._index_of(entries), None, ()
        return self._read_through()

    def _index_of(self, entries: list[PacketEntry]) -> MovieIndex:
        try:
            return MovieIndex(entries, self.facts.time_base)
        except ValueError as error:
            raise MediaError(
                f"'{self.facts.path.name}' cannot be read frame by frame: {error}.",
                path=self.facts.path,
            ) from error

    def _indexed_entries(self) -> list[PacketEntry] | None:
        if not self.facts.container.startswith(_INDEXED):
            return None
        found = list(self._stream.index_entries)
        if not found or len(found) != self._stream.frames:
            return None
        if not self._stream.codec_context.codec.intra_only:
            return None
        if any(e.is_discard or not e.is_keyframe or e.size <= 0 for e in found):
            return None
        return [PacketEntry(e.timestamp, e.timestamp, True, e.size, e.pos) for e in found]

    def _read_through(self) -> tuple[MovieIndex, Fraction | None, tuple[str, ...]]:
        entries: list[PacketEntry] = []
        end: Fraction | None = None
        intra = self._stream.codec_context.codec.intra_only
        with listening() as said:
            for packet in _packets(self._container, None, said):
                if not packet.size:  # the flush at the end, or "show the last one again"
                    continue
                pts = packet.pts
                if packet.stream_index == self._stream.index:
                    pts = packet.dts if pts is None and intra else pts
                    if pts is None:
                        raise MediaError(
                            f"'{self.facts.path.name}' has frames without a presentation time.",
                            path=self.facts.path,
                            hint="rewrap it as MKV or MOV first",
                        )
                    entries.append(
                        PacketEntry(
                            pts,
                            packet.dts,
                            packet.is_keyframe or intra,
                            packet.size,
                            packet.pos,
                            packet.duration or 0,
                        )
                    )
                if pts is not None:
                    stop = (pts + (packet.duration or 0)) * Fraction(packet.time_base)
                    end = stop if end is None else max(end, stop)
        return self._index_of(entries), end, tuple(said)

    def seek(self, entry: PacketEntry) -> None:
        """Go to a packet, or to one somewhat before it; the next step decodes from there.

        Raises:
            OSError: the container cannot be sought.
        """
        self._demux = None
        times = [t for t in (entry.pts, entry.dts) if t is not None]
        with listening():
            self._container.seek(min(times), stream=self._stream, backward=True)

    def read(self) -> Packet | None:
        """The next packet of the picture stream; the last one is empty; None after that.

        Raises:
            OSError: the file cannot be read.
        """
        if self._demux is None:
            self._demux = _packets(self._container, self._stream, [])
        with listening():
            raw = next(self._demux, None)
        return None if raw is None else Packet(raw)

    def decode(self, packet: Packet) -> DecodeStep:
        """Feed a packet to the decoder; the empty one makes it give what it still holds."""
        frames: list[Any] = []
        broken = ""
        with listening() as said:
            try:
                frames = packet.raw.decode()
            except LIBAV_ERRORS as error:
                broken = reason_of(error)
        if broken:
            said.append(broken)
        if packet.raw.is_corrupt:
            said.append("the file holds only a part of it")
        if any(frame.is_corrupt for frame in frames):
            said.append("the decoder marks it as damaged")
        return DecodeStep(tuple(picture_of(frame) for frame in frames), tuple(said))


class Packet:
    """A compressed frame, as the file holds it."""

    __slots__ = ("raw",)

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    @property
    def pts(self) -> int | None:
        """Presentation time in ticks; None for the empty packet at the end."""
        time: int | None = self.raw.dts if self.raw.pts is None else self.raw.pts
        return time if self.raw.size else None

    @property
    def content(self) -> bytes:
        """The compressed bytes."""
        return bytes(self.raw)


def _packets(container: Any, stream: Any | None, said: list[str]) -> Iterator[Any]:
    """Packets to the end, over broken spots of the container; the flushing ones come last."""
    for _ in range(_MOST_BREAKS):
        try:
            yield from container.demux() if stream is None else container.demux(stream)
        except LIBAV_ERRORS as error:
            said.append(reason_of(error))
        except IndexError:
            # Past the end PyAV trips over streams that turned up on the way (damaged MPEG-TS);
            # those there from the start have been flushed by then.
            return
        else:
            return
