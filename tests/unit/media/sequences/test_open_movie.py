from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from filmrestore_core.clip import Clip
from filmrestore_core.errors import MediaError, UnreadableFrameError
from filmrestore_core.media.open import create_matte_writer, create_writer, open_clip, source_files
from filmrestore_core.media.verify import verify_clip
from filmrestore_core.noise import generator
from filmrestore_core.testing.sequences import write_sequence


def _movie(path: Path, pix_fmt: str = "gbrp10le") -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 16, pix_fmt
        for number in range(3):
            frame = av.VideoFrame(32, 16, pix_fmt)
            for index, plane in enumerate(frame.planes):
                codes = generator(0, number, index).integers(0, 1024, plane.buffer_size // 2)
                plane.update(codes.astype(np.uint16).tobytes())
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _copy(clip: Clip, out: Path) -> None:
    with create_writer(out, clip) as writer:
        for number in clip.numbers:
            writer.write(clip.read(number))
        writer.finish()


def test_a_movie_opens_by_its_name_and_goes_into_a_movie(tmp_path: Path) -> None:
    clip = open_clip(_movie(tmp_path / "a reel.mkv", "yuv422p10le"))
    assert clip.numbers.format() == "0-2"
    assert source_files(clip, 1) == (tmp_path / "a reel.mkv",)
    _copy(clip, tmp_path / "out" / "restored.mkv")
    assert all(r.ok for r in verify_clip(clip, open_clip(tmp_path / "out" / "restored.mkv")))


@pytest.mark.parametrize("extension", [".dpx", ".tif"])
def test_a_movie_of_rgb_goes_into_images_sample_by_sample(tmp_path: Path, extension: str) -> None:
    clip = open_clip(_movie(tmp_path / "reel.mkv"))
    _copy(clip, tmp_path / "out" / f"reel.%04d{extension}")
    result = open_clip(tmp_path / "out")
    assert result.numbers == clip.numbers
    for number in clip.numbers:
        planes = result.read(number).parts[0].planes
        for name, plane in clip.read(number).parts[0].planes.items():
            assert np.array_equal(planes[name], plane)


def test_a_movie_of_ycbcr_does_not_go_into_images_unnoticed(tmp_path: Path) -> None:
    clip = open_clip(_movie(tmp_path / "reel.mkv", "yuv422p10le"))
    with pytest.raises(MediaError, match="yuv422p10le"):
        create_writer(tmp_path / "out" / "reel.####.dpx", clip)
    assert not (tmp_path / "out").exists()


def test_images_do_not_go_into_a_movie(tmp_path: Path) -> None:
    write_sequence(tmp_path / "in" / "a.####.dpx", [1, 2])
    with pytest.raises(MediaError, match="own format"):
        create_writer(tmp_path / "out.mkv", open_clip(tmp_path / "in"))


def test_mattes_of_a_movie_go_into_images(tmp_path: Path) -> None:
    clip = open_clip(_movie(tmp_path / "reel.mkv"))
    with create_matte_writer(tmp_path / "mattes", clip) as writer:
        assert writer.path(2).name == "reel.000002.png"


def test_a_movie_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "none.mov").write_bytes(b"no movie" * 100)
    with pytest.raises(UnreadableFrameError, match=r"none\.mov"):
        open_clip(tmp_path / "none.mov")
