import numpy as np
import pytest

from filmrestore_core.color.encoding import find_encoding
from filmrestore_core.color.preview import preview_pixels
from filmrestore_core.color.transfer import acescct_encode


def shown(value: float, encoding: str) -> int:
    pixels = np.full((1, 1, 3), value, np.float32)
    picture = preview_pixels(pixels, find_encoding(encoding))
    assert picture.dtype == np.uint8
    assert picture.shape == (1, 1, 3)
    return int(picture[0, 0, 0])


@pytest.mark.parametrize("code", [0, 1, 17, 128, 254, 255])
def test_an_srgb_picture_is_shown_as_it_is(code: int) -> None:
    assert shown(code / 255, "srgb") == code


@pytest.mark.parametrize(
    ("value", "encoding", "code"),
    [
        (float(acescct_encode(0.18)), "scene-linear", 118),  # 255 * sRGB(0.18) = 117.6
        (float(acescct_encode(5.0)), "acescg", 255),
        (float(acescct_encode(-0.1)), "scene-linear", 0),
        (685 / 1023, "cineon", 255),
        (95 / 1023, "cineon", 0),
        (float(acescct_encode(0.18)), "acescct", 118),
        (0.5, "logc3", 128),  # no curve known here: flat, as stored
        (1.2, "raw", 255),
    ],
)
def test_other_encodings_look_right_on_a_screen(value: float, encoding: str, code: int) -> None:
    assert shown(value, encoding) == code


def test_one_channel_stays_one() -> None:
    picture = preview_pixels(np.zeros((3, 4, 1), np.float32), find_encoding("srgb"))
    assert picture.shape == (3, 4, 1)
