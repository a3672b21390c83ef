"""MovieWriter: restored frames into one movie, with the source's sound, titles and timecode.

A movie is one file, so a killed run would leave nothing. Here each frame's packet is first put into
a file of its own in a hidden folder beside the movie, by the rules of every other output: whole or
not at all, noted in a journal, found again by the next run, by several processes at once. `finish`
joins them by stream copy.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from filmrestore_core.errors import (
    MediaError,
    MixedSequenceError,
    SettingsError,
    UnreadableFrameError,
    UnwritableFrameError,
)
from filmrestore_core.frame import AttributeValue, Frame
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.claims import Claim, Claims
from filmrestore_core.media.movie_clip import MovieClip
from filmrestore_core.media.movie_codec import choose_codec
from filmrestore_core.media.movie_encode import FrameEncoder
from filmrestore_core.media.movie_file import LIBAV_VERSION, CodecError
from filmrestore_core.media.movie_join import TimedPacket, join, plan_join
from filmrestore_core.media.output_check import prepare_folder, refuse_same_files, shortage
from filmrestore_core.media.output_sequence import Files, OutputSequence, unwritable
from filmrestore_core.media.sequence import SequencePattern
from filmrestore_core.media.temp_file import short_name, sync_file, sync_folder, temp_beside
from filmrestore_core.media.writer import Extra, NumberedWriter, Written

# Side data of frames that means something to a viewer; an encoder alone does not write it.
_EXTRAS = {
    "A53_CC": "closed captions",
    "CONTENT_LIGHT_LEVEL": "HDR light levels",
    "DISPLAYMATRIX": "the rotation flag",
    "DOVI_METADATA": "Dolby Vision metadata",
    "DYNAMIC_HDR_PLUS": "HDR10+ metadata",
    "MASTERING_DISPLAY_METADATA": "HDR mastering metadata",
}

_JOINED = -1
"""Where a frame's number stands in the journal, for the movie as a whole."""


class MovieWriter(NumberedWriter):
    """A FrameWriter into one movie; the frames may come in any order.

    The pixel format stays the source's where the codec has it, colour tags, pixel aspect, field
    order, timecode, chapters and names of streams are taken over, other streams are copied packet
    by packet and counted. With FFV1 every packet is decoded again and compared, sample by sample,
    before it counts. With ProRes from ProRes of the same kind a frame that nobody changed is taken
    over as compressed data.

    A frame that was never written has failed: a movie cannot have holes, so `finish` puts the
    source's own frame there and says so, or refuses where the source has none that can be read. The
    frame counts as not done, and the next run tries it again.
    """

    def __init__(
        self,
        target: Path,
        clip: MovieClip,
        *,
        numbers: FrameRange | None = None,
        codec: str = "auto",
        purpose: str = "",
        depends_on: Files | None = None,
        also_done: Callable[[int], bool] | None = None,
        resume: bool = True,
        overwrite: bool = False,
    ) -> None:
        """Prepare a movie; all that can be refused is refused here.

        Args:
            target: the movie, ending in .mkv or .mov. Its folder is made where it does not exist.
            clip: the source.
            numbers: frames of the movie, without gaps; all of the clip where None. Sound and
                timecode begin with the first.
            codec: "auto", "ffv1", "prores", "dnxhr" or "v210", see movie_codec.
            purpose: all that changes pixels besides the source: settings, models, versions.
            depends_on: further files that a frame depends on, such as a given matte.
            also_done: asked too before a frame counts as done.
            resume: leave frames alone that are done; False makes them anew.
            overwrite: also replace a movie that filmrestore did not write.

        Raises:
            SettingsError: container, codec and pictures do not go together, or numbers have gaps.
            LockedFrameError: the source's pixel format cannot be edited.
            MediaError: the output is the input.
            UnwritableFrameError: the folder cannot be written, or holds another's movie.
        """
        wanted = clip.numbers if numbers is None else numbers
        if not wanted or wanted.gaps or wanted.without(clip.numbers):
            raise SettingsError(
                f"Frames {wanted.format() or 'none'} make no movie.",
                hint=f"name a range without gaps within {clip.numbers.format()}",
            )
        refuse_same_files([target], [clip.path], None)
        self.target = target
        self._clip = clip
        tick, self._times = clip.index.exact_times(wanted, clip.rate)
        self._plan = choose_codec(
            target,
            clip.facts,
            rate=clip.nominal_rate,
            time_base=tick,
            copyable=clip.index.all_keys,
            name=codec,
        )
        self._encoder = FrameEncoder(self._plan, target)
        self._extras_lost = _extras_lost(clip)
        timecode = clip.timecode_of(wanted.first)
        whole = wanted == clip.numbers
        self._join_plan = plan_join(
            clip.facts,
            self._plan.spec,
            timecode="" if timecode is None else str(timecode),
            span=None if whole else (self._times[0] * tick, self._times[-1] * tick),
        )
        folder = target.parent / f".{_short(target.name)}.frames"
        if target.exists() and not overwrite and not folder.exists():
            raise UnwritableFrameError(
                f"'{target}' exists and filmrestore did not write it.",
                path=target,
                hint="choose another output, or allow overwriting (--force)",
            )
        sample = clip.facts.width * clip.facts.height * 3
        prepare_folder(target, sample)
        prepare_folder(folder / "frame", sample)
        everything = f"{purpose}\0{self._plan.spec}\0{self._plan.copies}\0{LIBAV_VERSION}"
        pattern = SequencePattern(folder, "", 6, f".{self._plan.codec.name}")
        super().__init__(
            OutputSequence(
                pattern,
                purpose=everything,
                depends_on=lambda number: (clip.path, *(depends_on or _no_files)(number)),
                also_done=also_done,
                resume=resume,
            ),
            wanted,
        )
        self._folder = folder
        self._key = _movie_key(everything, clip.path, wanted)

    @property
    def is_exact(self) -> bool:
        """True where every sample of the movie is the one that was written."""
        return self._plan.codec.exact

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the movie as a whole."""
        return (*self._plan.notes, *self._join_plan.dropped, *self._extras_lost)

    @property
    def is_finished(self) -> bool:
        """True where the movie stands under its name, whole and up to date."""
        entry = self._output.journal.get(_JOINED)
        if entry is None or entry.key != self._key:
            return False
        try:
            found = os.stat(self.target)
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (entry.size, entry.mtime_ns)

    def is_done(self, number: int) -> bool:
        """True where the frame is there, whole and up to date."""
        return self.is_finished or super().is_done(number)

    def recorded(self, number: int) -> dict[str, Any] | None:
        """The `extra` given when the frame was written; None where it is not done."""
        if self.is_finished:
            return self._output.journal.extra(number)
        return super().recorded(number)

    def claim(self, number: int) -> Claim:
        """Ask for a frame before working on it; see FrameWriter."""
        return Claim.DONE if self.is_finished else super().claim(number)

    def write(
        self,
        original: Frame,
        restored: Frame | None = None,
        *,
        extra_channels: Mapping[str, NDArray[Any]] | None = None,
        attributes: Mapping[str, AttributeValue] | None = None,
        extra: Extra | None = None,
    ) -> Written:
        """Encode one frame and keep its packet; see FrameWriter.

        A movie's frame carries no `attributes`; they are left out.

        Raises:
            MixedSequenceError: the frame has another size or format than the movie.
            UnwritableFrameError: it did not come out, or has channels a movie cannot hold.
        """
        number = original.number
        if extra_channels:
            raise UnwritableFrameError(
                f"A movie has no place for the channel '{next(iter(extra_channels))}'.",
                frame=number,
                path=self.target,
                hint="write mattes beside it (--matte-out)",
            )
        untouched = restored is None or restored is original
        copied = untouched and self._plan.copies
        content = (
            self._clip.packet(number) if copied else self._encoder.encode(restored or original)
        )

        def told() -> Mapping[str, Any]:
            return extra(()) if callable(extra) else extra or {}

        self._output.place(
            number, lambda temp: temp.write_bytes(content), extra=told, needed=len(content)
        )
        return Written(number, self.target, copied, 0)

    def finish(self) -> tuple[str, ...]:
        """Join the frames into the movie; call it when no more will be written.

        Does nothing where that has been done. Another process at it is waited for.

        Returns:
            One sentence for each frame that is the source's own because it failed.

        Raises:
            UnwritableFrameError: the movie did not come out, or a frame is lacking that the source
                cannot give either. The frames that are done stay for the next run.
        """
        claims = Claims(self._folder, self._key)
        while not self.is_finished:
            if claims.take("movie") is None:
                break
            time.sleep(0.2)
            self._output.journal.read_new()
        if self.is_finished:
            claims.release_all()
            return ()
        try:
            lacking = [n for n in self.numbers if not super(MovieWriter, self).is_done(n)]
            for number in lacking:
                self._own_frame(number, only_look=True)
            self._join()
            if not lacking:
                self._note_finished()
        finally:
            claims.release_all()
        kept = f"The other frames stay in '{self._folder.name}' for another try."
        notes = [
            f"Frame {n} could not be restored: the movie holds the source's own." for n in lacking
        ]
        return (*notes, kept) if lacking else ()

    def _join(self) -> None:
        needed = sum(self.path(n).stat().st_size for n in self.numbers if self.path(n).exists())
        if (short := shortage(self.target.parent, needed)) is not None:
            raise self._failed(OSError(short, os.strerror(short)))
        try:
            with temp_beside(self.target) as temp:
                join(temp, self._join_plan, self._packets())
                sync_file(temp)
                os.replace(temp, self.target)
            sync_folder(self.target.parent)
        except CodecError as error:
            raise UnwritableFrameError(
                f"'{self.target}' could not be written: {str(error).rstrip('.')}.",
                path=self.target,
            ) from error
        except OSError as error:
            if isinstance(error, MediaError):
                raise
            raise self._failed(error) from error

    def _note_finished(self) -> None:
        found = os.stat(self.target)
        self._output.journal.append(
            _JOINED, key=self._key, size=found.st_size, mtime_ns=found.st_mtime_ns
        )
        self._output.journal.sync()
        for packet in self._folder.glob("[0-9]*.*"):  # of earlier runs with other codecs too
            with contextlib.suppress(OSError):
                packet.unlink()

    def _packets(self) -> Iterator[TimedPacket]:
        for position, number in enumerate(self.numbers):
            path = self.path(number)
            done = super().is_done(number)
            content = path.read_bytes() if done else self._own_frame(number)
            begin, end = self._times[position : position + 2]
            yield TimedPacket(content, begin, end - begin)

    def _own_frame(self, number: int, *, only_look: bool = False) -> bytes:
        """The packet of the source's own frame."""
        try:
            frame = self._clip.read(number)
            if only_look:
                return b""
            return self._clip.packet(number) if self._plan.copies else self._encoder.encode(frame)
        except (UnreadableFrameError, MixedSequenceError) as error:
            raise UnwritableFrameError(
                f"Frame {number} of '{self.target}' is lacking and the source has none to put "
                f"there: {error.message}",
                frame=number,
                path=self.target,
                hint="write an image sequence, or a range without this frame",
            ) from error

    def _failed(self, error: OSError) -> UnwritableFrameError:
        failed = unwritable(self.target, self.numbers.first, error)
        failed.frame = None
        what = (error.strerror or str(error)).lower()
        failed.message = f"'{self.target}' cannot be written: {what}."
        if error.errno == errno.ENOSPC:
            failed.hint = f"the finished frames are in '{self._folder}'; make room and start again"
        return failed


def _extras_lost(clip: MovieClip) -> tuple[str, ...]:
    """What the first frame, a keyframe as a rule, carries and the output will not."""
    try:
        found = [_EXTRAS[name] for name in clip.extras(clip.numbers.first) if name in _EXTRAS]
    except UnreadableFrameError:
        return ()
    return (f"The source's frames carry {' and '.join(found)}, the output's do not.",) * bool(found)


def _movie_key(everything: str, source: Path, numbers: FrameRange) -> str:
    found = os.stat(source)
    text = f"{everything}\0{source.name}\0{found.st_size}\0{found.st_mtime_ns}\0{numbers.format()}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _short(name: str) -> str:
    return short_name(name) if len(os.fsencode(name)) > 200 else name


def _no_files(_: int) -> Iterable[Path]:
    return ()
