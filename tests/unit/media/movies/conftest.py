"""Small movies made from seeds, by PyAV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.media.pixel_layout import PixelLayout, layout_of

Channels = dict[str, NDArray[Any]]


def layout(name: str) -> PixelLayout:
    found = layout_of(name)
    assert found is not None
    return found


def picture(pix_fmt: str, width: int, height: int, number: int, seed: int = 1) -> Channels:
    """Moving bars under grain, using the whole range of codes."""
    places = layout(pix_fmt)
    rng = np.random.default_rng([seed, number])
    channels = {}
    for order, name in enumerate(places.places):
        high, wide = places.shape_of(name, width, height)
        across = np.arange(wide)[None, :] * (order + 1) + number * 3 + np.arange(high)[:, None]
        levels = 0.5 + 0.4 * np.sin(across / 7.0) + rng.normal(0, 0.05, (high, wide))
        top = 1.0 if places.pixel_format.is_float else places.pixel_format.maximum
        samples = np.clip(levels, 0, 1) * top
        if not places.pixel_format.is_float:
            samples = np.round(samples)
        channels[name] = samples.astype(places.pixel_format.dtype)
    return channels


def video_frame(pix_fmt: str, width: int, height: int, channels: Channels) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, pix_fmt)
    for plane, samples in zip(
        frame.planes, layout(pix_fmt).pack(channels, width, height), strict=True
    ):
        rows = np.zeros((plane.height, plane.line_size), np.uint8)
        raw = np.ascontiguousarray(samples).view(np.uint8)
        rows[:, : raw.shape[1]] = raw
        plane.update(rows.tobytes())
    return frame


@dataclass
class Sound:
    """A sound track of 16-bit PCM: a ramp, so that every sample is another."""

    seconds: Fraction
    rate: int = 48000


def write_movie(
    path: Path,
    codec: str = "ffv1",
    pix_fmt: str = "yuv422p10le",
    frames: int = 12,
    *,
    size: tuple[int, int] = (48, 32),
    rate: Fraction = Fraction(24),
    options: Mapping[str, str] | None = None,
    times: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    timecode: str = "",
    sound: Sound | None = None,
    subtitle: str = "",
    chapters: bool = False,
    tags: tuple[int, int, int, int] | None = None,
    aspect: Fraction | None = None,
    field_order: int = 0,
    format: str | None = None,
    seed: int = 1,
) -> list[Channels]:
    """Write a movie; returns the pictures given to the encoder."""
    width, height = size
    pictures = [picture(pix_fmt, width, height, n, seed) for n in range(frames)]
    tick = time_base or 1 / rate
    with av.open(str(path), "w", format=format) as out:
        stream = out.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        context = stream.codec_context
        context.thread_count = 1
        context.time_base = tick
        if tags:
            context.colorspace, context.color_range = tags[0], tags[1]
            context.color_primaries, context.color_trc = tags[2], tags[3]
        if aspect:
            context.sample_aspect_ratio = aspect
        context.field_order = field_order
        if timecode:
            stream.metadata["timecode"] = timecode
        audio = out.add_stream("pcm_s16le", rate=sound.rate) if sound else None
        if audio is not None:
            audio.layout = "mono"
        titles = out.add_mux_stream(subtitle) if subtitle else None
        if chapters:
            mark = {"id": 1, "start": 0, "end": 200, "time_base": Fraction(1, 1000)}
            out.set_chapters([{**mark, "metadata": {"title": "one"}}])
        out.start_encoding()
        if titles is not None:
            text = av.Packet(b"\x00\x02hi" if subtitle == "mov_text" else b"hi")
            text.stream, text.pts, text.dts, text.duration = titles, 0, 0, 300
            text.time_base = Fraction(1, 1000)
            out.mux(text)
        for number, channels in enumerate(pictures):
            frame = video_frame(pix_fmt, width, height, channels)
            frame.pts = times[number] if times else number
            frame.time_base = tick
            if tags:
                frame.colorspace, frame.color_range = tags[0], tags[1]
                frame.color_primaries, frame.color_trc = tags[2], tags[3]
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if audio is not None and sound is not None:
            _write_sound(out, audio, sound)
    return pictures


def _write_sound(out: Any, audio: Any, sound: Sound) -> None:
    samples = np.arange(int(sound.seconds * sound.rate)).astype(np.int16)
    for start in range(0, len(samples), 1024):
        piece = av.AudioFrame.from_ndarray(
            samples[None, start : start + 1024], format="s16", layout="mono"
        )
        piece.sample_rate, piece.pts = sound.rate, start
        piece.time_base = Fraction(1, sound.rate)
        out.mux(audio.encode(piece))
    out.mux(audio.encode(None))


class MovieMaker:
    """Writes movies into the test's own folder and makes the same pictures again."""

    Sound = Sound
    picture = staticmethod(picture)
    video_frame = staticmethod(video_frame)

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str, *args: Any, **options: Any) -> Path:
        write_movie(self.folder / name, *args, **options)
        return self.folder / name

    @staticmethod
    def same(a: Mapping[str, NDArray[Any]], b: Mapping[str, NDArray[Any]]) -> bool:
        """True where all channels hold the same codes."""
        return a.keys() == b.keys() and all(np.array_equal(a[n], b[n]) for n in a)

    @staticmethod
    def spoil(source: Path, target: Path, at: int, bytes_changed: int = 5) -> Path:
        """A copy in which some bytes from `at` on are turned over."""
        content = bytearray(source.read_bytes())
        for step in range(bytes_changed):
            content[at + step * 3] ^= 0x5A
        target.write_bytes(content)
        return target


@pytest.fixture
def maker(tmp_path: Path) -> MovieMaker:
    return MovieMaker(tmp_path)
