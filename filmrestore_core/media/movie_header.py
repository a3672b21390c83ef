"""What a movie's header says, from a container that movie_file opened."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from filmrestore_core.errors import MediaError, UnreadableFrameError
from filmrestore_core.media.movie_facts import MovieFacts, StreamFacts
from filmrestore_core.media.movie_tags import ColorTags

# The largest picture a movie may have; 16K has 133 million pixels. More is taken for a bomb.
LARGEST_PICTURE_PIXELS = 1 << 28

_CLOCK = 1_000_000  # libavformat's AV_TIME_BASE
_ATTACHED_PICTURE = 0x400  # libavformat's AV_DISPOSITION_ATTACHED_PIC


def picture_stream(container: Any, path: Path) -> Any:
    """The first video stream that is no cover picture.

    Raises:
        MediaError: there is none, or its picture is too large.
        UnreadableFrameError: no decoder knows it.
    """
    for stream in container.streams.video:
        if not stream.disposition & _ATTACHED_PICTURE:
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


def facts_of(container: Any, stream: Any, path: Path) -> MovieFacts:
    """What the header of an open container says about its picture stream."""
    context = stream.codec_context
    chapters = len(container.chapters())
    others = [_stream_facts(s, bool(chapters)) for s in container.streams if s is not stream]
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
        chapters=chapters,
        duration=None if container.duration is None else Fraction(container.duration, _CLOCK),
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
