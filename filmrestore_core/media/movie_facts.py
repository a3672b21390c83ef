"""What the movie door hands over: facts of a file, decoded pictures, what to encode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.media.movie_tags import ColorTags

# libavcodec's AVFieldOrder.
FIELD_ORDERS = {
    1: "progressive",
    2: "top field first",
    3: "bottom field first",
    4: "top field first",
    5: "bottom field first",
}


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """One stream of a container.

    Attributes:
        index: its place in the container.
        kind: "video", "audio", "subtitle", "data" or "attachment".
        codec: the decoder's name; "" where there is none.
        is_timecode: a QuickTime timecode track.
        is_chapters: the text track in which QuickTime keeps chapter names.
    """

    index: int
    kind: str
    codec: str
    is_timecode: bool = False
    is_chapters: bool = False

    def __str__(self) -> str:
        return f"stream {self.index} ({' '.join(filter(None, (self.kind, self.codec)))})"


@dataclass(frozen=True, slots=True)
class MovieFacts:
    """What a movie's header says about its picture.

    Attributes:
        path: the file.
        container: libavformat's name of the format.
        codec: the decoder's name, "prores" for instance.
        codec_tag: four characters, "apch" for instance; "" where there are none.
        width: of the picture, px.
        height: of the picture, px.
        pix_fmt: libavutil's name of the decoder's pixel format.
        tags: colour tags.
        pixel_aspect: width of a pixel over its height; None where not said.
        field_order: libavcodec's number; 0 is unknown, 1 progressive.
        time_base: seconds in a tick of the picture stream.
        rates: frames per second as the container gives them, most trusted first.
        timecode: of the first frame, as written in the file; "" where there is none.
        reel: name of the reel the timecode belongs to; "".
        picture: index of the picture stream.
        others: the other streams.
        chapters: how many the container names.
        duration: of the whole file by its header, in seconds; None where not said.
        picture_end: of the picture stream by the header, in seconds; None where not said.
    """

    path: Path
    container: str
    codec: str
    codec_tag: str
    width: int
    height: int
    pix_fmt: str
    tags: ColorTags
    pixel_aspect: Fraction | None
    field_order: int
    time_base: Fraction
    rates: tuple[Fraction, ...]
    timecode: str
    reel: str
    picture: int
    others: tuple[StreamFacts, ...]
    chapters: int
    duration: Fraction | None
    picture_end: Fraction | None

    @property
    def is_interlaced(self) -> bool:
        """True where the header says the picture is made of two fields."""
        return self.field_order >= 2


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One decoded frame.

    Attributes:
        pts: presentation time in ticks; None where the decoder gave none.
        width: px.
        height: px.
        pix_fmt: libavutil's name.
        rows: for each plane (rows, bytes in a row) uint8; valid as long as this object.
        interlaced: True where the decoder says the frame is made of two fields.
        extras: names of what else the frame carries ("A53_CC", "DOVI_METADATA").
    """

    pts: int | None
    width: int
    height: int
    pix_fmt: str
    rows: tuple[NDArray[np.uint8], ...]
    interlaced: bool = False
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class DecodeStep:
    """What came of feeding one packet to the decoder.

    Attributes:
        pictures: the frames that came out, in presentation order.
        problems: what the library complained about.
    """

    pictures: tuple[Picture, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EncodeSpec:
    """How a picture stream is written.

    Attributes:
        encoder: libavcodec's name of the encoder.
        decoder: libavcodec's name of the decoder.
        container: libavformat's name of the format.
        pix_fmt: pixel format given to the encoder.
        width: px.
        height: px.
        options: of the encoder.
        rate: frames per second, as the header will say.
        time_base: seconds in a tick of the times given with frames.
        tags: colour tags.
        pixel_aspect: width of a pixel over its height; None where not said.
        field_order: libavcodec's number.
    """

    encoder: str
    decoder: str
    container: str
    pix_fmt: str
    width: int
    height: int
    options: Mapping[str, str]
    rate: Fraction
    time_base: Fraction
    tags: ColorTags = field(default_factory=ColorTags)
    pixel_aspect: Fraction | None = None
    field_order: int = 0
