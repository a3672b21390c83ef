from pathlib import Path
from typing import Any

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.color.suggest import choose_encoding, suggest_encoding
from filmrestore_core.errors import EncodingError
from filmrestore_core.frame import Part, PixelFormat

BOX = Box.of_size(4, 2)
AP0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)


def make_part(dtype: str, bits: int | None = None, **attributes: Any) -> Part:
    planes = {n: np.zeros(BOX.shape, dtype) for n in "RGB"}
    formats = {n: PixelFormat.of(dtype, bits) for n in planes}
    named = {key.replace("__", ":"): value for key, value in attributes.items()}
    return Part("", planes, formats, BOX, BOX, named)


@pytest.mark.parametrize(
    ("transfer", "bits", "wanted", "assumed"),
    [
        ("Printing density", 10, "printing-density", False),
        ("Logarithmic", 10, "cineon", False),
        ("Linear", 10, "printing-density", True),
        ("Linear", 12, "printing-density", True),
        ("Linear", 16, "scene-linear", False),
        ("ITU-R 709-4", 10, "rec709", False),
        ("SMPTE 274M", 8, "rec709", False),
        ("Undefined", 10, "printing-density", True),
        ("User defined", 16, "printing-density", True),
        ("Unspecified video", 8, "rec709", True),
        (1, 10, "printing-density", False),
        (3, 10, "cineon", False),
        (6, 10, "rec709", False),
        (255, 10, "printing-density", True),
        (None, 10, "printing-density", True),
    ],
)
def test_dpx_headers(transfer: str | int | None, bits: int, wanted: str, assumed: bool) -> None:
    dtype = "uint8" if bits == 8 else "uint16"
    encoding, reason = suggest_encoding(make_part(dtype, bits, dpx__Transfer=transfer))
    assert encoding.name == wanted
    assert reason.startswith("assumed") is assumed
    # What the library makes of the header does not count: it calls 10-bit "Linear" scene-linear.
    tagged = make_part(dtype, bits, dpx__Transfer=transfer, oiio__ColorSpace="lin_rec709_scene")
    assert suggest_encoding(tagged)[0] is encoding


def test_dpx_colorimetry_helps_where_the_transfer_says_nothing() -> None:
    part = make_part("uint16", 10, dpx__Transfer="Undefined", dpx__Colorimetric="ITU-R 709-4")
    assert suggest_encoding(part)[0].name == "rec709"
    floating = make_part("float32", dpx__Transfer="Undefined")
    assert suggest_encoding(floating)[0].name == "scene-linear"


def test_the_files_ending_tells_where_attributes_do_not() -> None:
    ten = make_part("uint16", 10)
    assert suggest_encoding(ten, Path("reel.1001.DPX"))[0].name == "printing-density"
    assert suggest_encoding(ten, Path("reel.1001.cin"))[0].name == "cineon"
    assert suggest_encoding(ten, Path("reel.1001.tif"))[0].name == "srgb"


@pytest.mark.parametrize(
    ("dtype", "attributes", "wanted"),
    [
        ("float16", {}, "scene-linear"),
        ("float32", {}, "scene-linear"),
        ("uint8", {}, "srgb"),
        ("uint16", {}, "srgb"),
        ("uint16", {"oiio__ColorSpace": "srgb_rec709_scene"}, "srgb"),
        ("uint16", {"oiio__ColorSpace": "Linear"}, "scene-linear"),
        ("uint16", {"oiio__ColorSpace": "g-9223372036854775808_rec709_scene"}, "srgb"),
        ("float16", {"colorInteropID": "lin_ap0_scene"}, "aces2065-1"),
        ("float16", {"colorInteropID": "srgb_rec709_scene"}, "srgb"),
        ("float16", {"colorInteropID": "unknown"}, "scene-linear"),
        ("float16", {"acesImageContainerFlag": 1}, "aces2065-1"),
        ("float16", {"chromaticities": AP0}, "aces2065-1"),
        ("float16", {"chromaticities": tuple(np.float32(AP1).tolist())}, "acescg"),
        ("float16", {"chromaticities": (0.1,) * 8}, "scene-linear"),
        ("float16", {"chromaticities": (0.1,) * 3}, "scene-linear"),
    ],
)
def test_tags_then_format(dtype: str, attributes: dict[str, Any], wanted: str) -> None:
    encoding, reason = suggest_encoding(make_part(dtype, **attributes))
    assert encoding.name == wanted
    assert reason


@pytest.mark.parametrize(
    ("transfer", "wanted"),
    [
        ("bt709", "rec709"),
        ("smpte170m", "rec709"),
        ("bt2020-10", "rec709"),
        ("bt2020_10", "rec709"),
        ("iec61966-2-1", "srgb"),
        ("linear", "scene-linear"),
        ("smpte2084", "pq"),
        ("arib-std-b67", "hlg"),
        ("bt470bg", "gamma2.8"),
        ("bt470m", "gamma2.2"),
        ("log", "printing-density"),
        ("unspecified", "rec709"),
        ("", "rec709"),
    ],
)
def test_movie_tags(transfer: str, wanted: str) -> None:
    part = make_part("uint16", 10, movie__transfer=transfer, movie__range="tv")
    encoding, reason = suggest_encoding(part, Path("reel.mov"))
    assert encoding.name == wanted
    assert reason.startswith("assumed") is (transfer in {"", "unspecified"})


def test_a_name_given_wins_and_auto_reads_the_file() -> None:
    log_exr = make_part("float16", chromaticities=AP0)
    assert choose_encoding("cineon", log_exr)[0].name == "cineon"
    assert choose_encoding("auto", log_exr) == suggest_encoding(log_exr)
    assert choose_encoding(" Auto ", log_exr) == suggest_encoding(log_exr)
    with pytest.raises(EncodingError, match="'cineom'"):
        choose_encoding("cineom", log_exr)


def test_a_part_without_a_picture_has_no_encoding() -> None:
    depth = Part("z", {"Z": np.zeros(BOX.shape, "f4")}, {"Z": PixelFormat.of("f4")}, BOX, BOX)
    with pytest.raises(EncodingError, match="'z'"):
        suggest_encoding(depth)
