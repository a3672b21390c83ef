"""One movie <-> frames by number; the only module that imports PyAV.

libav goes on after errors: a damaged frame comes out like any other and only the log tells. Here
the log of each decoding step is caught and handed over with what came out.
"""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from numpy.typing import NDArray

from filmrestore_core.errors import MediaError, UnreadableFrameError
from filmrestore_core.media.movie_facts import DecodeStep, MovieFacts, Picture, StreamFacts
from filmrestore_core.media.movie_index import MovieIndex, PacketEntry
from filmrestore_core.media.movie_tags import ColorTags

# The largest picture a movie may have; 16K has 133 million pixels. More is taken for a bomb.
LARGEST_PICTURE_PIXELS = 1 << 28
# Broken spots of a container that are skipped before the rest counts as lost.
_MOST_BREAKS = 100

# Containers that hold pictures themselves. Playlists and the like name other files and are not
# opened: a movie must not make us read, or fetch, anything else.
_CONTAINERS = frozenset(
    {
        "asf", "avi", "dv", "flv", "gxf", "ivf", "matroska", "mov", "mpeg", "mpegts", "mxf",
        "nut", "ogg", "webm", "yuv4mpegpipe",
    }
)  # fmt: skip
# Where index entries hold presentation times as long as no frame is stored out of order.
_INDEXED = "mov"

# The log belongs to the process: only one step listens at a time, on all threads it starts.
_log_lock = threading.Lock()
# Equal messages in a row would be told once; the second reading of a damaged frame is told too.
av.logging.set_skip_repeated(False)


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Collect libav's errors; the list is filled when the block ends."""
    said: list[str] = []
    with _log_lock:
        if av.logging.get_level() != av.logging.ERROR:
            av.logging.set_level(av.logging.ERROR)
        with av.logging.Capture(local=False) as log:
            try:
                yield said
            finally:
                said += [text.strip() for level, _, text in log if level <= av.logging.ERROR]


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
        self._container = _open_input(path)
        self._demux: Iterator[Any] | None = None
        try:
            self._stream = _picture_stream(self._container, path)
            self.facts = _facts(self._container, self._stream, path)
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
        with _listening():
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
            return MovieIndex(entries, self.facts.time_base), None, ()
        return self._read_through()

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
        with _listening() as said:
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
        return MovieIndex(entries, self.facts.time_base), end, tuple(said)

    def seek(self, entry: PacketEntry) -> None:
        """Go to a packet, or to one somewhat before it; the next step decodes from there.

        Raises:
            OSError: the container cannot be sought.
        """
        self._demux = None
        times = [t for t in (entry.pts, entry.dts) if t is not None]
        with _listening():
            self._container.seek(min(times), stream=self._stream, backward=True)

    def read(self) -> Packet | None:
        """The next packet of the picture stream; the last one is empty; None after that.

        Raises:
            OSError: the file cannot be read.
        """
        if self._demux is None:
            self._demux = _packets(self._container, self._stream, [])
        with _listening():
            raw = next(self._demux, None)
        return None if raw is None else Packet(raw)

    def decode(self, packet: Packet) -> DecodeStep:
        """Feed a packet to the decoder; the empty one makes it give what it still holds."""
        frames: list[Any] = []
        broken = ""
        with _listening() as said:
            try:
                frames = packet.raw.decode()
            except (FFmpegError, ValueError) as error:
                broken = _reason(error)
        if broken:
            said.append(broken)
        if packet.raw.is_corrupt:
            said.append("the file holds only a part of it")
        if any(frame.is_corrupt for frame in frames):
            said.append("the decoder marks it as damaged")
        return DecodeStep(tuple(_picture(frame) for frame in frames), tuple(said))


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


def _packets(container: InputContainer, stream: Any | None, said: list[str]) -> Iterator[Any]:
    """Packets to the end, over broken spots of the container; the flushing ones come last."""
    for _ in range(_MOST_BREAKS):
        try:
            yield from container.demux() if stream is None else container.demux(stream)
        except (FFmpegError, OSError) as error:
            said.append(_reason(error))
        else:
            return


def _open_input(path: Path) -> InputContainer:
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise UnreadableFrameError(
            f"'{path}' cannot be read: {error.strerror or error}.", path=path
        ) from error
    if not regular:
        raise UnreadableFrameError(f"'{path}' is no regular file.", path=path)
    try:
        with _listening() as said:
            container = av.open(
                f"file:{path}",
                metadata_errors="surrogateescape",
                options={
                    "protocol_whitelist": "file",
                    "max_pixels": str(LARGEST_PICTURE_PIXELS),
                },
            )
    except (FFmpegError, OSError, ValueError) as error:
        reason = said[-1] if said else _reason(error)
        raise UnreadableFrameError(
            f"'{path.name}' cannot be read as a movie: {reason.rstrip('.')}.",
            path=path,
            hint="it may be cut short, empty or of an unknown kind",
        ) from error
    if not _CONTAINERS.intersection(container.format.name.split(",")):
        kind = container.format.name
        container.close()
        raise UnreadableFrameError(
            f"'{path.name}' is of the kind '{kind}', which is no movie file.", path=path
        )
    return container


def _picture_stream(container: InputContainer, path: Path) -> Any:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            break
    else:
        raise MediaError(f"'{path.name}' holds no moving picture.", path=path)
    context = stream.codec_context
    if context is None:
        raise UnreadableFrameError(f"'{path.name}' has a picture no decoder knows.", path=path)
    if not 0 < context.width * context.height <= LARGEST_PICTURE_PIXELS:
        raise MediaError(
            f"'{path.name}' claims a picture of {context.width} x {context.height} pixels.",
            path=path,
            hint=f"at most {LARGEST_PICTURE_PIXELS} pixels are read",
        )
    return stream


def _facts(container: InputContainer, stream: Any, path: Path) -> MovieFacts:
    context = stream.codec_context
    chapters = bool(container.chapters())
    others = [_stream_facts(s, chapters) for s in container.streams if s is not stream]
    rates = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    tracks = [stream, *(s for s in container.streams if s is not stream), container]
    end = _clock(_entry(stream.metadata, "DURATION"))
    if end is None and stream.duration is not None:
        end = (stream.duration + (stream.start_time or 0)) * Fraction(stream.time_base)
    return MovieFacts(
        path=path,
        container=container.format.name,
        codec=context.name,
        codec_tag=_tag(context),
        width=context.width,
        height=context.height,
        pix_fmt=context.pix_fmt or "",
        tags=ColorTags(
            int(context.colorspace),
            int(context.color_range),
            int(context.color_primaries),
            int(context.color_trc),
        ),
        pixel_aspect=stream.sample_aspect_ratio or context.sample_aspect_ratio,
        field_order=int(context.field_order),
        time_base=Fraction(stream.time_base),
        rates=tuple(Fraction(r) for r in rates if r),
        timecode=next(filter(None, (_entry(t.metadata, "timecode") for t in tracks)), ""),
        reel=next(filter(None, (_entry(t.metadata, "reel_name") for t in tracks)), ""),
        picture=stream.index,
        others=tuple(others),
        duration=None if container.duration is None else Fraction(container.duration, av.time_base),
        picture_end=end,
    )


def _stream_facts(stream: Any, chapters: bool) -> StreamFacts:
    context = stream.codec_context
    is_data = stream.type == "data"
    timecode = is_data and bool(_entry(stream.metadata, "timecode"))
    return StreamFacts(
        stream.index,
        stream.type,
        context.name if context is not None else "",
        is_timecode=timecode,
        is_chapters=is_data and chapters and not timecode and context is None,
    )


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error).split(": '")[0]


def _tag(context: Any) -> str:
    text = str(context.codec_tag)
    return text if text.isprintable() and text.strip() else ""


def _entry(metadata: dict[str, str], key: str) -> str:
    """A metadata entry; Matroska writes its keys in capitals, QuickTime does not."""
    return next((v.strip() for k, v in metadata.items() if k.casefold() == key.casefold()), "")


def _clock(text: str) -> Fraction | None:
    """Seconds in Matroska's "00:00:05.005000000"."""
    try:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    except ValueError:
        return None


def _picture(frame: Any) -> Picture:
    try:
        rows = tuple(_rows(plane) for plane in frame.planes)
    except (ValueError, TypeError, RuntimeError):  # frames in device memory, odd palettes
        rows = ()
    return Picture(
        pts=frame.pts,
        width=frame.width,
        height=frame.height,
        pix_fmt=frame.format.name,
        rows=rows,
        interlaced=frame.interlaced_frame,
        extras=tuple(sorted(data.type.name for data in frame.side_data)),
    )


def _rows(plane: Any) -> NDArray[np.uint8]:
    """A plane's bytes as (rows, bytes in a row), top row first, without a copy."""
    flat = np.frombuffer(plane, np.uint8)
    rows = flat.reshape(plane.height, abs(plane.line_size))
    return rows[::-1] if plane.line_size < 0 else rows
