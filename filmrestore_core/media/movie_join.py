"""Frames, and all other streams of the source, into one movie by stream copy."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

from filmrestore_core.errors import FilmrestoreError, SettingsError, UnreadableFrameError
from filmrestore_core.media.movie_facts import EncodeSpec, MovieFacts
from filmrestore_core.media.movie_file import (
    LIBAV_ERRORS,
    CodecError,
    describe,
    listening,
    new_packet,
    open_input,
    open_output,
    reason_of,
)

# Entries that tell of the old file, or that the new container makes by itself.
_STALE = (
    "bps", "compatible_brands", "duration", "encoder", "major_brand", "minor_version",
    "number_of_bytes", "number_of_frames", "reel_name", "timecode", "vendor_id", "_statistics_",
)  # fmt: skip

# libav numbers its own errors far above the system's.
_FIRST_OWN_ERROR = 4096


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """A compressed frame and when it is shown.

    Attributes:
        content: the bytes.
        pts: presentation time in ticks of EncodeSpec.time_base.
        duration: how long, in ticks.
    """

    content: bytes
    pts: int
    duration: int


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """Everything of a joined movie but its frames.

    Attributes:
        facts: of the source.
        spec: of the picture stream.
        kept: indices of the source's streams that are taken over.
        dropped: those that are not, with the reason; a sentence each.
        timecode: of the first frame; "" for none.
        span: (start, end) in seconds of the source's clock where only a part is written; the part's
            start becomes time 0. None for the whole.
    """

    facts: MovieFacts
    spec: EncodeSpec
    kept: tuple[int, ...]
    dropped: tuple[str, ...]
    timecode: str = ""
    span: tuple[Fraction, Fraction] | None = None


def plan_join(
    facts: MovieFacts,
    spec: EncodeSpec,
    *,
    timecode: str = "",
    span: tuple[Fraction, Fraction] | None = None,
) -> JoinPlan:
    """Find out which of the source's streams the new container takes, by laying it out in memory.

    Raises:
        SettingsError: it does not take the sound, or nothing at all.
    """
    kept: list[int] = []
    dropped: list[str] = []
    for stream in facts.others:
        if stream.is_timecode or stream.is_chapters:
            continue  # made anew from the timecode and the chapters
        trial = JoinPlan(facts, spec, (stream.index,), (), timecode, span)
        reason = _refusal(trial)
        if reason is None:
            kept.append(stream.index)
        elif stream.kind == "audio":
            raise SettingsError(
                f"The sound of '{facts.path.name}', {stream}, cannot be kept in this container: "
                f"{reason.rstrip('.')}.",
                hint="write .mkv",
            )
        else:
            dropped.append(f"The source's {stream} is not in the output: {reason.rstrip('.')}.")
    if facts.pixel_aspect not in (None, 0, 1) and spec.container == "matroska":
        dropped.append(
            f"The pixel aspect {facts.pixel_aspect} cannot be written to .mkv and is lost; .mov "
            "keeps it."
        )
    if span is not None and facts.chapters:
        dropped.append("The chapters are not in the output: it is a part of the movie.")
    plan = JoinPlan(facts, spec, tuple(kept), tuple(dropped), timecode, span)
    reason = _refusal(plan)
    if reason is not None:
        raise SettingsError(f"The movie cannot be laid out: {reason.rstrip('.')}.")
    return plan


def join(target: Path, plan: JoinPlan, frames: Iterable[TimedPacket]) -> None:
    """Write the movie and read it back.

    Args:
        target: an empty file to write over.
        plan: from `plan_join`.
        frames: in presentation order.

    Raises:
        OSError: the system refuses, `errno` says why.
        CodecError: libav refuses, or what is in the file is not what went in.
    """
    sent: dict[int, _Tally] = {}
    with (
        _libav_errors(),
        open_input(plan.facts.path) as source,
        open_output(target, plan.spec.container) as out,
    ):
        streams = _lay_out(out, source, plan)
        video = _timed_frames(frames, streams[plan.facts.picture], plan)
        others = _timed_others(source, streams, plan)
        for _, packet in heapq.merge(video, others, key=lambda timed: timed[0]):
            index = packet.stream.index
            sent.setdefault(index, _Tally(packet.stream)).add(packet)
            with listening(all_threads=False):
                out.mux_one(packet)
    _check(target, sent)


def _refusal(plan: JoinPlan) -> str | None:
    """Why a container does not take a plan's streams; None where it does."""
    try:
        with open_input(plan.facts.path) as source, listening(all_threads=False) as said:
            try:
                with open_output(BytesIO(), plan.spec.container) as out:
                    _lay_out(out, source, plan)
            except LIBAV_ERRORS as error:
                return said[-1] if said else reason_of(error)
    except UnreadableFrameError as error:
        return error.message
    return None


def _lay_out(out: Any, source: Any, plan: JoinPlan) -> dict[int, Any]:
    """Make the output's streams, in the source's order, and write its header.

    Returns:
        Source's stream index -> output stream.
    """
    streams: dict[int, Any] = {}
    # Attached files come last, as containers list them after all that runs in time.
    for old in sorted(source.streams, key=lambda stream: stream.type == "attachment"):
        if old.index == plan.facts.picture:
            new = out.add_stream(plan.spec.encoder, rate=plan.spec.rate)
            describe(new.codec_context, plan.spec)
            new.time_base = plan.spec.time_base
        elif old.index in plan.kept:
            new = out.add_stream_from_template(old, opaque=True)
        else:
            continue
        streams[old.index] = new
        _copy_entries(old, new)
        new.disposition = old.disposition
    picture = streams[plan.facts.picture]
    if plan.timecode:
        picture.metadata["timecode"] = plan.timecode
        if plan.facts.reel:
            picture.metadata["reel_name"] = plan.facts.reel
    _copy_entries(source, out)
    if plan.span is None:
        out.set_chapters(source.chapters())
    out.start_encoding()
    return streams


def _copy_entries(old: Any, new: Any) -> None:
    for key, value in old.metadata.items():
        if not key.casefold().startswith(_STALE):
            new.metadata[key] = value


def _timed_frames(
    frames: Iterable[TimedPacket], stream: Any, plan: JoinPlan
) -> Iterator[tuple[Fraction, Any]]:
    tick = plan.spec.time_base
    start = plan.span[0] if plan.span else Fraction(0)
    for frame in frames:
        pts = frame.pts - round(start / tick)
        yield pts * tick, new_packet(frame.content, stream, tick, pts, frame.duration)


def _timed_others(
    source: Any, streams: dict[int, Any], plan: JoinPlan
) -> Iterator[tuple[Fraction, Any]]:
    """The packets of the streams taken over, with the time by which they are interleaved."""
    wanted = [source.streams[index] for index in plan.kept]
    start, end = plan.span or (Fraction(0), None)
    if not wanted:
        return
    for packet in source.demux(wanted):
        if not packet.size:
            continue
        tick = Fraction(packet.time_base)
        time = packet.dts if packet.pts is None else packet.pts
        shown = Fraction(0) if time is None else time * tick
        if plan.span and (shown < start or (end is not None and shown >= end)):
            continue
        shift = round(start / tick)
        if packet.pts is not None:
            packet.pts -= shift
        if packet.dts is not None:
            packet.dts -= shift
        packet.stream = streams[packet.stream.index]
        yield shown - start, packet


class _Tally:
    """What went into a stream, or is in it."""

    def __init__(self, stream: Any) -> None:
        codec = stream.codec_context.name if stream.codec_context is not None else "unknown"
        self.name = f"stream {stream.index} ({stream.type} {codec})"
        self.is_pcm = codec.startswith("pcm_")
        self.is_picture = stream.type == "video"
        self.packets = 0
        self.content = hashlib.blake2b(digest_size=16)

    def add(self, packet: Any) -> None:
        """Count a packet."""
        self.packets += 1
        self.content.update(packet)

    def differs(self, found: _Tally | None) -> bool:
        """True where the file holds something else.

        Containers cut PCM into pieces of their own, and frame other packets in their own way.
        """
        if found is None:
            return True
        same = found.content.digest() == self.content.digest()
        return not same if self.is_pcm or self.is_picture else self.packets != found.packets


def _check(target: Path, sent: dict[int, _Tally]) -> None:
    """Compare the file with what was sent to it.

    Raises:
        CodecError: they differ.
    """
    found: dict[int, _Tally] = {}
    with _libav_errors(), open_input(target) as movie:
        for packet in movie.demux([movie.streams[index] for index in sent]):
            if packet.size:
                found.setdefault(packet.stream.index, _Tally(packet.stream)).add(packet)
    for index, tally in sent.items():
        if tally.differs(found.get(index)):
            there = found[index].packets if index in found else 0
            raise CodecError(
                f"{tally.name} was written with {tally.packets} packets, and {there} or others "
                "were read back"
            )


@contextmanager
def _libav_errors() -> Iterator[None]:
    """Libav's own errors as CodecError; the system's (no space, no permission) as they are."""
    try:
        yield
    except FilmrestoreError:
        raise
    except LIBAV_ERRORS as error:
        if isinstance(error, OSError) and 0 < (error.errno or 0) < _FIRST_OWN_ERROR:
            raise
        raise CodecError(reason_of(error)) from error
