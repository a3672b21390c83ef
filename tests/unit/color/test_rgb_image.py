from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.color.rgb_image import rgb_frame, rgb_part
from filmrestore_core.errors import EncodingError, LockedFrameError
from filmrestore_core.frame import Frame, Part, PixelFormat

# Y'CbCr from R'G'B', as BT.601 (2.5.1, 2.5.2), BT.709 (3.2, 3.3) and BT.2020 (table 4) print it.
EQUATIONS = {
    "smpte170m": ((0.299, 0.587, 0.114), 1.772, 1.402),
    "bt709": ((0.2126, 0.7152, 0.0722), 1.8556, 1.5748),
    "bt2020nc": ((0.2627, 0.6780, 0.0593), 1.8814, 1.4746),
}


def movie_frame(
    planes: dict[str, Any], bits: int, steps: tuple[int, int] = (1, 1), **tags: str
) -> Frame:
    luma = next(iter(planes.values()))
    window = Box.of_size(luma.shape[1], luma.shape[0])
    part = Part(
        "",
        {n: p.astype(np.uint8 if bits == 8 else np.uint16) for n, p in planes.items()},
        dict.fromkeys(planes, PixelFormat.of("uint8" if bits == 8 else "uint16", bits)),
        window,
        window,
        {"movie:codec": "x", **{f"movie:{k}": v for k, v in tags.items()}},
        {n: steps for n in ("Cb", "Cr") if n in planes and steps != (1, 1)},
    )
    return Frame(7, (part,))


def codes_of(rgb: np.ndarray, matrix: str, bits: int) -> dict[str, Any]:
    """(H, W, 3) R'G'B' 0..1 as video-range codes, by the printed equations."""
    weights, blue, red = EQUATIONS[matrix]
    luma = rgb @ np.array(weights)
    cb, cr = (rgb[..., 2] - luma) / blue, (rgb[..., 0] - luma) / red
    step = 1 << (bits - 8)
    return {
        "Y": np.round((219 * luma + 16) * step),
        "Cb": np.round((224 * cb + 128) * step),
        "Cr": np.round((224 * cr + 128) * step),
    }


@pytest.mark.parametrize("matrix", EQUATIONS)
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_the_printed_equations_are_undone(matrix: str, bits: int) -> None:
    rgb = np.random.default_rng(5).uniform(0.05, 0.95, (12, 14, 3))
    frame = movie_frame(codes_of(rgb, matrix, bits), bits, matrix=matrix, range="tv")
    part = rgb_part(frame)
    assert list(part.planes) == ["R", "G", "B"]
    assert set(part.formats.values()) == {PixelFormat("uint16", 16)}
    # Half a code in Y, Cb and Cr each, of 219 or 224 steps, through weights of at most 1.9; and
    # the equations are printed with four digits.
    bound = 65535 * (0.5 + 0.5 * 1.9) / 219 / (1 << (bits - 8)) + 65535 * 2e-4
    for channel, name in enumerate("RGB"):
        assert np.abs(part.planes[name] - 65535 * rgb[..., channel]).max() <= bound


def test_black_white_and_gray_are_exact() -> None:
    codes = np.array([[64, 940, 502]])
    neutral = np.full((1, 3), 512)
    frame = movie_frame({"Y": codes, "Cb": neutral, "Cr": neutral}, 10, matrix="bt709", range="tv")
    for plane in rgb_part(frame).planes.values():
        assert plane.tolist() == [[0, 65535, 32768]]


def test_full_range_uses_all_codes() -> None:
    neutral = np.full((1, 2), 128)
    frame = movie_frame({"Y": np.array([[0, 255]]), "Cb": neutral, "Cr": neutral}, 8, range="pc")
    assert rgb_part(frame).planes["G"].tolist() == [[0, 65535]]
    part = rgb_part(frame, samples="float32")
    assert part.planes["G"].dtype == np.float32
    assert part.planes["G"].tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize(("across", "down"), [(2, 1), (2, 2), (1, 2), (4, 1)])
def test_a_ramp_of_chroma_stays_a_ramp(across: int, down: int) -> None:
    # Chroma sits on the left pixel of its cell and in the middle of its rows; a plane that rises
    # steadily is then met again at every pixel but those beyond the outermost samples.
    height, width = 16, 24
    y, x = np.mgrid[0:height:down, 0:width:across]
    ramp = 128 + 2.0 * x + 3.0 * (y + (down - 1) / 2) - 40
    planes = {"Y": np.full((height, width), 512), "Cb": ramp * 4, "Cr": np.full(ramp.shape, 512)}
    blue = rgb_part(
        movie_frame(planes, 10, (across, down), matrix="bt709", range="tv"), samples="float32"
    ).planes["B"]
    rows, columns = np.mgrid[0:height, 0:width]
    cb = (128 + 2.0 * columns + 3.0 * rows - 40 - 128) / 224
    wanted = (512 - 64) / 876 + 1.8556 * cb
    inside = np.s_[down : height - down, : width - across + 1]
    # The ramp's codes are rounded down to whole quarters of an 8-bit code.
    assert np.abs(blue - wanted)[inside].max() < 1.8556 / 896 + 1e-6


def test_odd_sizes_are_filled_to_the_edge() -> None:
    cells = np.full((2, 3), 128)
    frame = movie_frame({"Y": np.full((3, 5), 126), "Cb": cells, "Cr": cells}, 8, (2, 2))
    assert rgb_part(frame).planes["R"].shape == (3, 5)
    assert len(np.unique(rgb_part(frame).planes["R"])) == 1


def test_what_was_taken_for_granted_is_told() -> None:
    neutral = np.full((4, 4), 128)
    planes = {"Y": np.full((4, 4), 126), "Cb": neutral, "Cr": neutral}
    notes = " ".join(rgb_frame(movie_frame(planes, 8)).notes)
    assert "smpte170m" in notes
    assert "video range" in notes
    tall = {name: np.tile(plane, (180, 1)) for name, plane in planes.items()}
    assert "bt709" in " ".join(rgb_frame(movie_frame(tall, 8)).notes)
    assert rgb_frame(movie_frame(planes, 8, matrix="bt709", range="tv")).notes == ()


def test_what_is_cut_off_is_counted_or_kept() -> None:
    neutral = np.full((1, 3), 128)
    planes = {"Y": np.array([[5, 126, 250]]), "Cb": neutral, "Cr": neutral}
    frame = movie_frame(planes, 8, matrix="bt709", range="tv")
    assert "6 samples" in rgb_frame(frame).notes[0]
    kept = rgb_frame(frame, samples="float32")
    assert kept.notes == ()
    red = kept.parts[0].planes["R"]
    assert red[0, 0] < 0 < 1 < red[0, 2]


def test_tags_tell_the_truth_and_alpha_comes_along() -> None:
    planes = {n: np.full((2, 2), 512) for n in ("Y", "Cb", "Cr")} | {"A": np.full((2, 2), 1023)}
    frame = movie_frame(planes, 10, matrix="bt709", range="tv", transfer="smpte2084")
    part = rgb_part(frame)
    assert list(part.planes) == ["R", "G", "B", "A"]
    assert np.all(part.planes["A"] == 65535)
    assert part.attributes["movie:matrix"] == "gbr"
    assert part.attributes["movie:range"] == "pc"
    assert part.attributes["movie:transfer"] == "smpte2084"
    assert dict(part.subsampling) == {}


def test_rgb_and_full_range_gray_stay_as_they_are() -> None:
    rgb = movie_frame({n: np.full((2, 2), 7) for n in "RGB"}, 10)
    assert rgb_frame(rgb) is rgb
    assert rgb_part(rgb) is rgb.parts[0]
    gray = movie_frame({"Y": np.full((2, 2), 7)}, 10)
    assert rgb_frame(gray) is gray
    narrow = movie_frame({"Y": np.array([[64, 940]])}, 10, range="tv")
    assert rgb_part(narrow).planes["Y"].tolist() == [[0, 65535]]


def test_what_cannot_be_is_refused() -> None:
    planes = {n: np.full((2, 2), 512) for n in ("Y", "Cb", "Cr")}
    with pytest.raises(EncodingError, match="ictcp"):
        rgb_part(movie_frame(planes, 10, matrix="ictcp"))
    with pytest.raises(LockedFrameError, match="bayer"):
        rgb_part(Frame(3, (), locked="pixel format 'bayer'"))
