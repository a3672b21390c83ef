"""MovieClip: a Clip over one movie file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

from filmrestore_core.box import Box
from filmrestore_core.errors import MediaError, MissingFrameError, SettingsError
from filmrestore_core.frame import AttributeValue, Frame, Part
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.movie_decoder import MovieDecoder
from filmrestore_core.media.movie_facts import FIELD_ORDERS, MovieFacts, Picture
from filmrestore_core.media.movie_index import MovieIndex
from filmrestore_core.media.movie_reader import MovieReader
from filmrestore_core.media.pixel_layout import layout_of
from filmrestore_core.timecode import Timecode


class MovieClip:
    """Frames of a movie, as its decoder gives them: never through RGB, never scaled.

    Frames are numbered from 0 in presentation order, whatever start time or timecode the file
    carries; a frame's own timecode stands in its attributes. Samples are code values in the
    movie's own pixel format: Y, Cb, Cr (and A), where Cb and Cr may be subsampled, or R, G, B, or
    Y alone. Closing is optional; it may be used as a context manager.

    Attributes of each frame's one part:
        movie:codec, movie:pix_fmt: libav's names ("prores", "yuv422p10le").
        movie:matrix, movie:range, movie:primaries, movie:transfer: the file's colour tags by
            ffmpeg's names ("bt709", "tv", ...); "unspecified" where it has none, never a guess.
        movie:rate: frames per second as a fraction ("24000/1001"); absent where it varies.
        movie:timecode: the frame's own timecode, where the file carries one.
        FramesPerSecond, smpte:TimeCode, PixelAspectRatio: the same for image files.
    """

    def __init__(self, path: str | Path, *, threads: int = 0, keep: int = 8) -> None:
        """Open a movie and find its frames.

        A movie whose frames lean on others, or that is not in a QuickTime or MP4 container, is
        read through once for this, without decoding.

        Args:
            path: the file.
            threads: that decode one frame together; 0 for as many as the machine has.
            keep: how many decoded frames are kept for reading them again.

        Raises:
            UnreadableFrameError: no such file, or no movie.
            MediaError: it holds no picture, a picture too large, or frames without a time.
        """
        reader = MovieReader(Path(path), threads=threads)
        try:
            self._index, end, problems = reader.scan()
            if not len(self._index):
                raise MediaError(f"'{Path(path).name}' holds no frames.", path=path)
        except BaseException:
            reader.close()
            raise
        self.facts: MovieFacts = reader.facts
        self._name = str(path)
        self._numbers = FrameRange(range(len(self._index)))
        steady = self._index.steady_rate(self.facts.rates)
        self._rate = None if steady is None else steady[0]
        self._timecode = _start_timecode(self.facts, self.nominal_rate)
        self.lost = _lost_at_end(self.facts, self._index, self.nominal_rate, end)
        self._notes = self._notices(steady, problems)
        self._decoder = MovieDecoder(reader, self._index, keep=keep)

    @property
    def name(self) -> str:
        """The path as given."""
        return self._name

    @property
    def path(self) -> Path:
        """The movie file."""
        return self.facts.path

    @property
    def numbers(self) -> FrameRange:
        """0 to the number of frames in the file less one."""
        return self._numbers

    @property
    def rate(self) -> Fraction | None:
        """Frames per second; None where the rate varies."""
        return self._rate

    @property
    def nominal_rate(self) -> Fraction:
        """Frames per second; where the rate varies, the container's best guess."""
        return self._rate or (self.facts.rates[0] if self.facts.rates else Fraction(24))

    @property
    def timecode(self) -> Timecode | None:
        """Timecode of frame 0, where the file carries one."""
        return self._timecode

    @property
    def index(self) -> MovieIndex:
        """Where the frames lie and when they are shown."""
        return self._index

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the whole movie: varying rate, a cut file, ..."""
        return self._notes

    def timecode_of(self, number: int) -> Timecode | None:
        """A frame's timecode, counted by its presentation time."""
        if self._timecode is None:
            return None
        elapsed = (self._index.time(number) - self._index.time(0)) * self.nominal_rate
        return self._timecode + round(elapsed)

    def read(self, number: int) -> Frame:
        """The frame as stored.

        Raises:
            MissingFrameError: the movie has no such frame.
            UnreadableFrameError: the frame, or one it leans on, is damaged.
        """
        self._check(number)
        return self._frame(number, self._decoder.picture(number))

    def packet(self, number: int) -> bytes:
        """The frame as the file holds it, compressed.

        Raises:
            MissingFrameError: the movie has no such frame.
            UnreadableFrameError: it cannot be read.
        """
        self._check(number)
        return self._decoder.packet(number)

    def extras(self, number: int) -> tuple[str, ...]:
        """Names of what a frame carries besides its samples and tags: captions, HDR metadata, ...

        Raises:
            MissingFrameError: the movie has no such frame.
            UnreadableFrameError: it cannot be read.
        """
        self._check(number)
        return self._decoder.picture(number).extras

    def close(self) -> None:
        """Let go of the file; frames already read stay valid."""
        self._decoder.close()

    def __enter__(self) -> MovieClip:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check(self, number: int) -> None:
        if number not in self._numbers:
            raise MissingFrameError(
                f"'{self.path.name}' has no frame {number}; it has 0 to {self._numbers.last}.",
                frame=number,
                path=self.path,
            )

    def _frame(self, number: int, picture: Picture) -> Frame:
        notes = []
        if picture.interlaced or self.facts.is_interlaced:
            order = FIELD_ORDERS.get(self.facts.field_order, "field order unknown")
            notes.append(f"Interlaced ({order}): both fields are treated as one picture.")
        layout = layout_of(picture.pix_fmt)
        if layout is None or not picture.rows:
            locked = f"pixel format '{picture.pix_fmt}'"
            return Frame(number, (), source=None, locked=locked, notes=tuple(notes))
        window = Box.of_size(picture.width, picture.height)
        part = Part(
            name="",
            planes=layout.unpack(picture.rows, picture.width, picture.height),
            formats=dict.fromkeys(layout.places, layout.pixel_format),
            data_window=window,
            display_window=window,
            attributes=self._attributes(number, picture),
            subsampling=layout.subsampling,
        )
        return Frame(number, (part,), source=None, notes=tuple(notes))

    def _notices(
        self, steady: tuple[Fraction, int] | None, problems: tuple[str, ...]
    ) -> tuple[str, ...]:
        name, frames = self.path.name, len(self._index)
        notes = []
        if self.lost:
            notes.append(
                f"'{name}' is cut short: its header promises about {frames + self.lost} frames, "
                f"{frames} are there."
            )
        if steady is None and frames > 1:
            notes.append(f"'{name}' has a varying frame rate; frames are taken one by one.")
        elif steady is not None and steady[1]:
            notes.append(f"'{name}' lacks about {steady[1]} frames in between.")
        if self.facts.timecode and self._timecode is None:
            notes.append(f"The timecode '{self.facts.timecode}' of '{name}' cannot be read.")
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            notes.append(f"'{name}' is damaged: {problems[0].rstrip('.')}{more}.")
        return tuple(notes)

    def _attributes(self, number: int, picture: Picture) -> dict[str, AttributeValue]:
        attributes: dict[str, AttributeValue] = {
            "movie:codec": self.facts.codec,
            "movie:pix_fmt": picture.pix_fmt,
            **self.facts.tags.attributes(),
        }
        if self._rate is not None:
            attributes["movie:rate"] = f"{self._rate.numerator}/{self._rate.denominator}"
            attributes["FramesPerSecond"] = (self._rate.numerator, self._rate.denominator)
        timecode = self.timecode_of(number)
        if timecode is not None:
            attributes["movie:timecode"] = str(timecode)
            if (word := timecode.smpte_word()) is not None:
                attributes["smpte:TimeCode"] = (word, 0)
        if self.facts.pixel_aspect not in (None, 0, 1):
            attributes["PixelAspectRatio"] = float(self.facts.pixel_aspect or 1)
        return attributes


def _start_timecode(facts: MovieFacts, rate: Fraction) -> Timecode | None:
    if not facts.timecode:
        return None
    try:
        return Timecode.parse(facts.timecode, rate)
    except SettingsError:
        return None


def _lost_at_end(
    facts: MovieFacts, index: MovieIndex, rate: Fraction, read_to: Fraction | None
) -> int:
    """About how many frames the header promises beyond the last one there is."""
    if read_to is None:  # the container's own index was used; it knows all frames
        return 0
    last = len(index) - 1
    shown_to = (index.entry(last).pts + index.ticks_to_next(last)) * facts.time_base
    if facts.picture_end is not None:
        return max(0, round((facts.picture_end - shown_to) * rate))
    # A header that only gives the length of the whole may mean a longer sound track.
    if facts.duration is not None and facts.duration - max(read_to, shown_to) > 1 / rate:
        return max(0, round((facts.duration - shown_to) * rate))
    return 0
