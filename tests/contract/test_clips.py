"""What every Clip promises."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from filmrestore_core.clip import Clip
from filmrestore_core.errors import MissingFrameError
from filmrestore_core.frame import Frame
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.media.open import open_clip
from filmrestore_core.noise import generator
from filmrestore_core.testing.sequences import noise_frame, write_sequence


def _memory(folder: Path) -> Clip:
    return MemoryClip([noise_frame(n) for n in (3, 1, 2, 7)])


def _sequence(folder: Path) -> Clip:
    write_sequence(folder / "a.####.exr", [-2, 0, 3, 4])
    return open_clip(folder)


def _movie(folder: Path) -> Clip:
    with av.open(str(folder / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=18)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        for number in range(4):
            frame = av.VideoFrame(32, 16, "yuv420p")
            for index, plane in enumerate(frame.planes):
                plane.update(generator(0, number, index).bytes(plane.buffer_size))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return open_clip(folder / "a.mkv")


@pytest.fixture(params=[_memory, _sequence, _movie], ids=["memory", "sequence", "movie"])
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> Clip:
    make: Callable[[Path], Clip] = request.param
    return make(tmp_path)


def _same(one: Frame, other: Frame) -> bool:
    return all(
        np.array_equal(plane, b.planes[name])
        for a, b in zip(one.parts, other.parts, strict=True)
        for name, plane in a.planes.items()
    )


def test_it_is_a_clip(clip: Clip) -> None:
    assert isinstance(clip, Clip)
    assert clip.name
    assert len(clip.numbers) == 4
    assert clip.rate is None or isinstance(clip.rate, Fraction)


def test_every_number_is_a_frame_of_that_number(clip: Clip) -> None:
    for number in clip.numbers:
        frame = clip.read(number)
        assert frame.number == number
        assert frame.parts
        for plane in frame.parts[0].planes.values():
            assert not plane.flags.writeable


def test_a_number_beyond_is_missing(clip: Clip) -> None:
    for number in (clip.numbers.first - 1, clip.numbers.last + 1, *clip.numbers.gaps):
        with pytest.raises(MissingFrameError) as caught:
            clip.read(number)
        assert caught.value.frame == number


def test_the_order_of_reading_and_other_threads_change_nothing(clip: Clip) -> None:
    forward = {n: clip.read(n) for n in clip.numbers}
    with ThreadPoolExecutor(4) as pool:
        backward = list(pool.map(clip.read, [*reversed(clip.numbers)] * 3))
    for frame in backward:
        assert _same(frame, forward[frame.number])
