"""A shot's media as a clip, its cut with handles, and the files its result depends on."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path

from filmrestore_core import (
    Clip,
    FrameRange,
    MediaError,
    SequenceClip,
    SequencePattern,
    is_movie,
    open_clip,
    source_files,
)
from filmrestore_resolve.job import Handles, Shot, SourceKind


@dataclass(frozen=True, slots=True, eq=False)
class ShotSource:
    """What a shot is made from.

    Attributes:
        shot: as the job says it.
        clip: the media, bounded by the context that may be looked at.
        numbers: frames to be written: the cut and its handles.
        handles: those that the media has.
        pattern: how the files are named; None for a movie.
    """

    shot: Shot
    clip: Clip
    numbers: FrameRange
    handles: Handles
    pattern: SequencePattern | None

    @property
    def path(self) -> Path:
        """The movie's file, or that of the first frame."""
        if self.pattern is not None:
            return self.pattern.path(self.clip.numbers.first)
        return Path(self.shot.source.path)

    def files_within(self, reach: int) -> Iterator[Path]:
        """The files that the result depends on, in frame order, each once."""
        span = FrameRange.span(self.numbers.first - reach, self.numbers.last + reach)
        seen: set[Path] = set()
        for number in span.intersect(self.clip.numbers):
            for path in source_files(self.clip, number):
                if path not in seen:
                    seen.add(path)
                    yield path


def open_source(
    shot: Shot, wanted: Handles, movies: MutableMapping[str, Clip] | None = None
) -> ShotSource:
    """Open a shot's media.

    Args:
        shot: of the job.
        wanted: handles; fewer where the media ends before.
        movies: path -> movies that are open already; this one is added.

    Raises:
        FilmrestoreError: it cannot be opened, or does not have the cut.
    """
    if shot.source.kind is SourceKind.MOVIE:
        return _movie(shot, wanted, {} if movies is None else movies)
    return _sequence(shot, wanted)


def _movie(shot: Shot, wanted: Handles, movies: MutableMapping[str, Clip]) -> ShotSource:
    path = shot.source.path
    if not is_movie(path):
        raise MediaError(
            f"'{path}' is no movie that can be decoded exactly.",
            path=path,
            hint="raw camera formats and other kinds need a timeline render",
        )
    # A movie is read through once to find its frames, so its shots share it.
    clip = movies.get(path) or open_clip(path)
    movies[path] = clip
    have = clip.numbers
    numbers, handles = _with_handles(shot, wanted, have.first, have.last)
    return ShotSource(shot, clip, numbers, handles, None)


def _sequence(shot: Shot, wanted: Handles) -> ShotSource:
    path = shot.source.path
    if is_movie(path):
        raise MediaError(f"'{path}' is a movie, not an image sequence.", path=path)
    pattern = SequencePattern.parse(path)
    # Opened as the command line would, for its refusals.
    have = open_clip(path).numbers
    named = pattern.frames or have
    first, last = min(named.first, have.first), max(named.last, have.last)
    numbers, handles = _with_handles(shot, wanted, first, last)
    before, after = shot.context.before, shot.context.after
    low = first if before is None else max(first, min(shot.first - before, numbers.first))
    high = last if after is None else min(last, max(shot.last + after, numbers.last))
    if (low, high) != (first, last) or pattern.frames is not None:
        pattern = replace(pattern, frames=FrameRange.span(low, high))
    clip = SequenceClip(pattern, name=path)
    return ShotSource(shot, clip, numbers, handles, pattern)


def _with_handles(shot: Shot, wanted: Handles, first: int, last: int) -> tuple[FrameRange, Handles]:
    if shot.first < first or shot.last > last:
        raise MediaError(
            f"The cut {shot.first}-{shot.last} lies outside of '{shot.source.path}', which has "
            f"{first}-{last}.",
            path=shot.source.path,
        )
    head = min(wanted.head, shot.first - first)
    tail = min(wanted.tail, last - shot.last)
    span = FrameRange.span(shot.first - head, shot.last + tail)
    return span, Handles(head=head, tail=tail)
