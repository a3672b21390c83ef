"""MovieDecoder: exactly frame N, whatever was read before it."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict

from filmrestore_core.errors import UnreadableFrameError
from filmrestore_core.media.ffv1_slices import slices_are_whole
from filmrestore_core.media.movie_facts import DecodeStep, Picture
from filmrestore_core.media.movie_index import MovieIndex
from filmrestore_core.media.movie_reader import MovieReader, Packet

# Frames that tell whether an FFV1 movie has checksums; a cut or damaged one may not.
_PROBES = 5


class MovieDecoder:
    """Frames of one movie by index in presentation order; thread-safe.

    A frame is found by seeking to its keyframe and decoding until its presentation time comes out;
    a frame further on in the same group is decoded on from where the decoder stands. The last few
    decoded frames are kept.

    A frame is the same, and damaged or not, whichever way it was reached. What the decoder says
    after a seek into a stream whose frames lean on others may only come of the seek; it is believed
    when it says so again after a run-up of one more group of frames.
    """

    def __init__(self, reader: MovieReader, index: MovieIndex, *, keep: int = 8) -> None:
        """Decode from an open movie.

        Args:
            reader: used by this object alone from now on.
            index: of the same movie.
            keep: how many decoded frames are kept.
        """
        self._reader = reader
        self._index = index
        self._keep = keep
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Picture] = OrderedDict()
        self._damage: dict[int, str] = {}
        self._waiting: Packet | None = None  # read, but not fed yet
        self._position: int | None = None  # decode position of the last packet fed; None: lost
        self._shown = -1  # last frame that came out since the last seek
        self._group = 0  # decode position of the keyframe from which this run can be trusted
        self._checksums: bool | None = None  # not known yet
        self._doubtful_to = 0  # decode position up to which a complaint may come of the seek

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._kept.clear()
            self._waiting = None
            self._reader.close()

    def picture(self, index: int) -> Picture:
        """A decoded frame.

        Raises:
            UnreadableFrameError: it is damaged, leans on a damaged one, or cannot be had.
        """
        with self._lock:
            if index not in self._damage and index not in self._kept:
                try:
                    self._find(index)
                except OSError as error:
                    self._position = None
                    raise self._error(index, str(error)) from error
            if index in self._damage:
                raise self._error(index, self._damage[index])
            return self._kept[index]

    def packet(self, index: int) -> bytes:
        """A frame as the file holds it, compressed.

        Raises:
            UnreadableFrameError: it cannot be read.
        """
        with self._lock:
            try:
                packet = self._packet(index)
            except OSError as error:
                raise self._error(index, str(error)) from error
        return packet

    def _packet(self, index: int) -> bytes:
        self._position = None
        packet = self._read_from(self._index.key_for(index))
        while packet is not None and packet.pts != self._index.entry(index).pts:
            packet = self._reader.read()
        if packet is None:
            raise OSError("its packet is not where the index says")
        return packet.content

    def _find_checksums(self) -> bool:
        """True for FFV1 with checksums: where they are right in one of some frames."""
        if self._reader.facts.codec != "ffv1":
            return False
        last = len(self._index) - 1
        for index in sorted({last * part // (_PROBES - 1) for part in range(_PROBES)}):
            with contextlib.suppress(OSError):
                if slices_are_whole(self._packet(index)):
                    return True
        return False

    def _find(self, index: int) -> None:
        """Put the frame into `_kept`, or why it cannot be had into `_damage`."""
        if self._checksums is None:
            self._checksums = self._find_checksums()
        group = self._index.key_for(index)
        if not (
            self._position is not None
            and self._shown < index
            and self._group <= group <= self._position + 1
        ):
            self._start(group, run_up=False)
        if not self._run_to(index):
            self._start(group, run_up=True)
            self._run_to(index)
        if index not in self._kept:
            self._damage.setdefault(index, "the decoder gives no picture for it")

    def _start(self, group: int, *, run_up: bool) -> None:
        """Make the decoder stand before a keyframe, or one group of frames before that."""
        leans = group > 0 and not self._index.all_keys
        start = self._index.key_before(group) if run_up and leans else group
        self._position, self._shown, self._group = None, -1, group
        # With nothing before it there is nothing to doubt.
        alone = not leans or run_up
        self._doubtful_to = 0 if alone else self._index.key_after(group)
        self._waiting = self._read_from(start)
        self._position = start - 1

    def _read_from(self, start: int) -> Packet | None:
        """Seek and read up to the packet at a decode position; a container may land early."""
        target = start
        while True:
            self._reader.seek(self._index.entries[target])
            packet = self._reader.read()
            while packet is not None:
                position = self._index.position_at(packet.pts)
                if position == start:
                    return packet
                if position is not None and position > start:
                    break  # landed too late
                packet = self._reader.read()
            if target == 0:
                raise OSError("the container cannot be sought to it")
            target = self._index.key_before(target)

    def _run_to(self, index: int) -> bool:
        """Decode until the frame is out or known as damaged.

        Returns:
            False where it did not come out, or a complaint was heard, that may come of the seek.
        """
        while index not in self._kept and index not in self._damage:
            if self._shown > index:
                return self._doubtful_to == 0
            packet = self._waiting or self._reader.read()
            self._waiting = None
            if packet is None:
                self._position = None
                return self._doubtful_to == 0
            position = self._index.position_at(packet.pts)
            if position is not None:
                self._position = position
            step = self._reader.decode(packet)
            problems = step.problems
            checked = position is not None and self._checksums
            if checked and not slices_are_whole(packet.content):
                problems = (*problems, "slice CRC mismatch")
            if problems and not self._believe(problems[0]):
                return False
            self._keep_pictures(step)
        return True

    def _believe(self, problem: str) -> bool:
        """Note damaged frames; False where the complaint may only come of the seek."""
        position = self._position if self._position is not None else 0
        if self._index.group_at(position) < self._group:
            return True  # of the run-up, or shown before the keyframe: not wanted in this run
        if position < self._doubtful_to:
            return False
        for hurt in self._index.hurt_by(position):
            self._damage.setdefault(hurt, problem)
            self._kept.pop(hurt, None)
        return True

    def _keep_pictures(self, step: DecodeStep) -> None:
        for picture in step.pictures:
            index = self._index.index_at(picture.pts)
            if index is None:
                continue
            self._shown = max(self._shown, index)
            if self._index.key_for(index) >= self._group and index not in self._damage:
                self._kept[index] = picture
                self._kept.move_to_end(index)
        while len(self._kept) > self._keep:
            self._kept.popitem(last=False)

    def _error(self, index: int, reason: str) -> UnreadableFrameError:
        path = self._reader.facts.path
        return UnreadableFrameError(
            f"Frame {index} of '{path.name}' is damaged: {reason.rstrip('.')}.",
            frame=index,
            path=path,
        )
