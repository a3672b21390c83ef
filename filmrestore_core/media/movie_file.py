"""The one door to PyAV: movies are opened, pictures encoded and decoded, and libav's log is heard.

libav goes on after errors: a damaged frame comes out like any other and only the log tells. Here
the log of each decoding step is caught and handed over with what came out.
"""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from filmrestore_core.errors import UnreadableFrameError
from filmrestore_core.media.movie_facts import EncodeSpec, Picture
from filmrestore_core.media.movie_header import LARGEST_PICTURE_PIXELS

# Containers that hold pictures themselves. Playlists and the like name other files and are not
# opened: a movie must not make us read, or fetch, anything else.
_CONTAINERS = frozenset(
    {
        "asf", "avi", "dv", "flv", "gxf", "ivf", "matroska", "mov", "mpeg", "mpegts", "mxf",
        "nut", "ogg", "webm", "yuv4mpegpipe",
    }
)  # fmt: skip
# libavcodec's AVFieldOrder -> the setfield filter's mode.
_FIELD_MODES = {2: "tff", 3: "bff", 4: "tff", 5: "bff"}

# The log belongs to the process: only one step listens at a time, on all threads it starts.
_log_lock = threading.Lock()
# Equal messages in a row would be told once; the second reading of a damaged frame is told too.
av.logging.set_skip_repeated(False)


LIBAV_VERSION = f"av {av.__version__}"
LIBAV_ERRORS = (FFmpegError, OSError, ValueError)
"""What PyAV raises."""


@contextmanager
def listening(*, all_threads: bool = True) -> Iterator[list[str]]:
    """Collect libav's errors; the list is filled when the block ends.

    Args:
        all_threads: also those of threads that libav starts; one block at a time can do that.
    """
    said: list[str] = []
    with _log_lock if all_threads else nullcontext():
        if av.logging.get_level() != av.logging.ERROR:
            av.logging.set_level(av.logging.ERROR)
        with av.logging.Capture(local=not all_threads) as log:
            try:
                yield said
            finally:
                said += [text.strip() for level, _, text in log if level <= av.logging.ERROR]


def open_input(path: Path) -> InputContainer:
    """Open a movie container that holds its pictures itself.

    Raises:
        UnreadableFrameError: no regular file, or no movie this library knows.
    """
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise UnreadableFrameError(
            f"'{path}' cannot be read: {error.strerror or error}.", path=path
        ) from error
    if not regular:
        raise UnreadableFrameError(f"'{path}' is no regular file.", path=path)
    try:
        with listening() as said:
            container = av.open(
                f"file:{path}",
                metadata_errors="surrogateescape",
                options={
                    "protocol_whitelist": "file",
                    "max_pixels": str(LARGEST_PICTURE_PIXELS),
                },
            )
    except LIBAV_ERRORS as error:
        reason = said[-1] if said else reason_of(error)
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


def reason_of(error: BaseException | None) -> str:
    """What went wrong, without PyAV's number and place."""
    return str(getattr(error, "strerror", None) or error).split(": '")[0]


def open_output(target: Path | BytesIO, container: str) -> OutputContainer:
    """Start a movie; nothing is written before its streams are laid out.

    No clock, library version or random number gets into the file.

    Args:
        target: where it goes.
        container: libavformat's name of the format.

    Raises:
        OSError: it cannot be opened.
    """
    name: Any = f"file:{target}" if isinstance(target, Path) else target
    return av.open(
        name,
        "w",
        format=container,
        metadata_errors="surrogateescape",
        container_options={"fflags": "+bitexact"},
    )


def new_packet(content: bytes, stream: Any, time_base: Fraction, pts: int, duration: int) -> Any:
    """A packet of a frame that stands alone, for an output's stream."""
    packet = av.Packet(content)
    packet.stream, packet.time_base = stream, time_base
    packet.pts = packet.dts = pts
    packet.duration, packet.is_keyframe = duration, True
    return packet


def picture_of(frame: Any) -> Picture:
    """A decoded frame, its planes seen as bytes."""
    try:
        rows = tuple(rows_of(plane) for plane in frame.planes)
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


def rows_of(plane: Any) -> NDArray[np.uint8]:
    """A plane's bytes as (rows, bytes in a row), top row first, without a copy."""
    flat = np.frombuffer(plane, np.uint8)
    rows = flat.reshape(plane.height, abs(plane.line_size))
    return rows[::-1] if plane.line_size < 0 else rows


class CodecError(Exception):
    """A codec refuses a picture or a packet; says why."""


class Encoder:
    """An encoder for one picture."""

    def __init__(self, spec: EncodeSpec) -> None:
        """Open the encoder.

        Raises:
            CodecError: it refuses the picture's size or format.
        """
        self._spec = spec
        self._context = cast("VideoCodecContext", av.CodecContext.create(spec.encoder, "w"))
        describe(self._context, spec)
        with _codec_errors():
            self._context.open()

    @property
    def header(self) -> bytes:
        """What belongs into the container's header for all frames."""
        return self._context.extradata or b""

    def encode(self, rows: Sequence[NDArray[np.uint8]]) -> bytes:
        """The picture's packet.

        Args:
            rows: for each plane (rows, bytes in a row) uint8, without padding.

        Raises:
            CodecError: it refuses, or does not give one packet.
        """
        spec = self._spec
        frame = av.VideoFrame(spec.width, spec.height, spec.pix_fmt)
        for plane, samples in zip(frame.planes, rows, strict=True):
            rows_of(plane)[:, : samples.shape[1]] = samples
        frame.pts, frame.time_base = 0, spec.time_base
        frame.colorspace, frame.color_range = spec.tags.matrix, spec.tags.range
        frame.color_primaries, frame.color_trc = spec.tags.primaries, spec.tags.transfer
        with _codec_errors():
            packets = [
                *self._context.encode(_with_fields(frame, spec)),
                *self._context.encode(None),
            ]
        if len(packets) != 1 or not packets[0].is_keyframe:
            raise CodecError(f"the encoder gave {len(packets)} packets for one picture")
        return bytes(packets[0])


def describe(context: Any, spec: EncodeSpec) -> None:
    """Tell an encoder's context all about the pictures."""
    context.width, context.height, context.pix_fmt = spec.width, spec.height, spec.pix_fmt
    context.time_base, context.framerate = spec.time_base, spec.rate
    context.options = dict(spec.options)
    context.thread_type = "SLICE"  # threads with a frame each would keep frames back
    context.thread_count = 0
    context.colorspace, context.color_range = spec.tags.matrix, spec.tags.range
    context.color_primaries, context.color_trc = spec.tags.primaries, spec.tags.transfer
    context.field_order = spec.field_order
    if spec.pixel_aspect:
        context.sample_aspect_ratio = spec.pixel_aspect


def decode_alone(spec: EncodeSpec, packet: bytes, header: bytes) -> Picture:
    """Decode a packet that stands alone, with a decoder of its own.

    Raises:
        CodecError: it complains, or gives no picture.
    """
    context = cast("VideoCodecContext", av.CodecContext.create(spec.decoder, "r"))
    context.width, context.height = spec.width, spec.height
    context.thread_count = 1  # then all complaints come from this thread, and none from others
    if header:
        context.extradata = header
    with _codec_errors():
        frames = [*context.decode(av.Packet(packet)), *context.decode(None)]
    if len(frames) != 1:
        raise CodecError(f"the decoder gave {len(frames)} pictures for one packet")
    return picture_of(frames[0])


def encoder_formats(encoder: str) -> tuple[str, ...]:
    """Pixel formats an encoder takes, in its own order of preference."""
    return tuple(f.name for f in av.Codec(encoder, "w").video_formats or ())


@contextmanager
def _codec_errors() -> Iterator[None]:
    """Turn what libav raises, or only says, into one error."""
    failed: Exception | None = None
    with listening(all_threads=False) as said:
        try:
            yield
        except LIBAV_ERRORS as error:
            failed = error
    if failed is not None or said:
        raise CodecError(said[0] if said else reason_of(failed)) from failed


def _with_fields(frame: av.VideoFrame, spec: EncodeSpec) -> av.VideoFrame:
    """The frame marked as made of two fields, where it is; samples stay where they are."""
    mode = _FIELD_MODES.get(spec.field_order)
    if mode is None:
        return frame
    graph = Graph()
    source = graph.add_buffer(
        width=spec.width,
        height=spec.height,
        format=av.VideoFormat(spec.pix_fmt),
        time_base=spec.time_base,
    )
    marker, sink = graph.add("setfield", mode), graph.add("buffersink")
    source.link_to(marker)
    marker.link_to(sink)
    graph.configure()
    graph.push(frame)
    return cast("av.VideoFrame", graph.pull())


def temporal_median(
    pictures: Sequence[NDArray[np.uint16]], radius: int
) -> list[NDArray[np.uint16]]:
    """FFmpeg's temporal median (`tmedian`): each sample the median of its place over time.

    Frames before the first and after the last are taken to repeat them.

    Args:
        pictures: (H, W, 1 or 3) uint16 each, of one shape.
        radius: frames on each side.

    Raises:
        UnreadableFrameError: libavfilter has no such filter, or refuses the pictures.
    """
    height, width, channels = pictures[0].shape
    pix_fmt = "gray16le" if channels == 1 else "gbrp16le"
    padded = [pictures[0]] * radius + list(pictures) + [pictures[-1]] * radius
    made: list[NDArray[np.uint16]] = []
    try:
        graph = Graph()
        source = graph.add_buffer(
            width=width, height=height, format=av.VideoFormat(pix_fmt), time_base=Fraction(1, 24)
        )
        median, sink = graph.add("tmedian", f"radius={radius}"), graph.add("buffersink")
        source.link_to(median)
        median.link_to(sink)
        graph.configure()
        for number, picture in enumerate(padded):
            plane = picture[..., 0] if channels == 1 else picture
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(plane), format=pix_fmt)
            frame.pts = number
            frame.time_base = Fraction(1, 24)
            graph.push(frame)
            made += _pulled(graph)
        graph.push(None)
        made += _pulled(graph)
    except (FFmpegError, ValueError) as error:
        raise UnreadableFrameError(f"libavfilter's tmedian cannot be used: {error}.") from error
    return [picture.reshape(height, width, channels) for picture in made]


def _pulled(graph: Graph) -> Iterator[NDArray[np.uint16]]:
    """What has come out of a filter graph."""
    while True:
        try:
            frame = cast("av.VideoFrame", graph.pull())
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield np.asarray(frame.to_ndarray(), np.uint16)
