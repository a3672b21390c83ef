"""One frame -> one packet, each by an encoder of its own.

Only codecs whose frames stand alone are written, and every frame gets a fresh encoder. So its bytes
depend on its samples and the codec's options, never on the frames before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import MixedSequenceError, SettingsError, UnwritableFrameError
from filmrestore_core.frame import Frame
from filmrestore_core.media.movie_codec import WritePlan
from filmrestore_core.media.movie_file import CodecError, Encoder, decode_alone
from filmrestore_core.media.movie_samples import change_samples
from filmrestore_core.media.pixel_layout import layout_of

Channels = Mapping[str, NDArray[Any]]


class FrameEncoder:
    """Makes packets of frames, and sees that they can be read again. Thread-safe."""

    def __init__(self, plan: WritePlan, target: Path) -> None:
        """Try the encoder.

        Args:
            plan: how to encode.
            target: the movie, for messages.

        Raises:
            SettingsError: the encoder refuses such pictures.
        """
        self._plan = plan
        self._target = target
        try:
            self._header = Encoder(plan.spec).header
        except CodecError as error:
            raise SettingsError(
                f"{plan.codec.name} cannot hold this movie: {str(error).rstrip('.')}.",
                hint="write .mkv with ffv1, or an image sequence",
            ) from error

    def encode(self, frame: Frame) -> bytes:
        """The frame's packet.

        It is decoded again; with an exact codec every sample is compared.

        Raises:
            MixedSequenceError: the frame is not of the movie's size and format.
            UnwritableFrameError: the codec fails, or other samples come back.
        """
        self._check_format(frame)
        plan = self._plan
        channels: Channels = frame.parts[0].planes
        if not plan.layout.holds(plan.source):
            size = plan.spec.width, plan.spec.height
            full = plan.spec.tags.range == 2 or plan.source.name.startswith("yuvj")
            channels = change_samples(channels, plan.source, plan.layout, size, full_range=full)
        try:
            packet = self._packet(channels)
            back = self._decoded(packet)
            if plan.codec.exact and not _same(channels, back):
                raise CodecError("other samples were read back than written")
        except CodecError as error:
            raise UnwritableFrameError(
                f"Frame {frame.number} could not be encoded for '{self._target}': "
                f"{str(error).rstrip('.')}.",
                frame=frame.number,
                path=self._target,
            ) from error
        return packet

    def _packet(self, channels: Channels) -> bytes:
        plan = self._plan
        planes = plan.layout.pack(channels, plan.spec.width, plan.spec.height)
        rows = [np.ascontiguousarray(plane).view(np.uint8) for plane in planes]
        return Encoder(plan.spec).encode(rows)

    def _decoded(self, packet: bytes) -> Channels:
        spec = self._plan.spec
        picture = decode_alone(spec, packet, self._header)
        layout = layout_of(picture.pix_fmt)
        if layout is None or (picture.width, picture.height) != (spec.width, spec.height):
            raise CodecError(f"a picture of another kind came back ({picture.pix_fmt})")
        return layout.unpack(picture.rows, picture.width, picture.height)

    def _check_format(self, frame: Frame) -> None:
        source, spec = self._plan.source, self._plan.spec
        width, height = spec.width, spec.height
        if frame.locked is not None or not frame.parts:
            there = frame.locked or "empty"
        else:
            part = frame.parts[0]
            shapes = {name: plane.shape for name, plane in part.planes.items()}
            wanted = {name: source.shape_of(name, width, height) for name in source.places}
            if shapes == wanted and set(part.formats.values()) == {source.pixel_format}:
                return
            window = part.data_window
            there = f"{window.width} x {window.height} with channels {', '.join(shapes)}"
        raise MixedSequenceError(
            f"Frame {frame.number} is {there}; the movie is {width} x {height} in {source.name}.",
            frame=frame.number,
            path=self._target,
        )


def _same(one: Channels, other: Channels) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)
