from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from filmrestore_core import Box
from filmrestore_core.color.working import has_associated_alpha
from filmrestore_openfx.controls import VIEWS
from filmrestore_openfx.errors import HostError
from filmrestore_openfx.host_types import CHANNELS, DTYPES
from filmrestore_openfx.images import box_in, coverage_of, fill_canvas, frame_of, placed
from filmrestore_openfx.pictures import Picture
from filmrestore_openfx.testing import HostPicture
from filmrestore_openfx.views import view_planes, with_matte_alpha

SIZES = st.tuples(st.integers(1, 7), st.integers(1, 7))


@st.composite
def host_pictures(draw: Any) -> HostPicture:
    """Any bits in any depth: negative, infinite and NaN samples too."""
    dtype = DTYPES[draw(st.sampled_from(list(DTYPES)))]
    channels = len(CHANNELS[draw(st.sampled_from(list(CHANNELS)))])
    height, width = draw(SIZES)
    count = height * width * channels * dtype.itemsize
    pixels = np.frombuffer(draw(st.binary(min_size=count, max_size=count)), dtype)
    corner = draw(st.tuples(st.integers(-9, 9), st.integers(-9, 9)))
    premult = draw(st.sampled_from(["opaque", "premultiplied", "unpremultiplied", ""]))
    return HostPicture(pixels.reshape(height, width, channels), corner, premult)


def held(picture: HostPicture) -> Picture:
    return Picture.copied(picture.facts, picture.pixels)


def bits(array: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(array).tobytes()


@settings(deadline=None)
@given(host_pictures(), st.data())
def test_a_picture_comes_back_bit_for_bit_in_any_window(picture: HostPicture, data: Any) -> None:
    facts = picture.facts
    display = (facts.bounds[0] - 2, facts.bounds[1] - 1, facts.bounds[2] + 1, facts.bounds[3] + 3)
    frame = frame_of(7, Picture.copied(facts, picture.pixels), display=display)
    part = frame.parts[0]
    assert part.display_window == Box.of_size(display[2] - display[0], display[3] - display[1])
    x1 = data.draw(st.integers(display[0], facts.bounds[2] - 1))
    y1 = data.draw(st.integers(display[1], facts.bounds[3] - 1))
    x2, y2 = data.draw(st.integers(x1 + 1, display[2])), data.draw(st.integers(y1 + 1, display[3]))
    target = box_in(display, (x1, y1, x2, y2))
    canvas = np.full((*target.shape, facts.shape[2]), 5, facts.dtype)
    fill_canvas(canvas, part.planes, part.data_window, target, facts.components)
    # The truth pixel by pixel, y up, without any of the code's own geometry.
    for row in range(y2 - y1):
        for column in range(x2 - x1):
            x, y = x1 + column, y2 - 1 - row
            in_x, in_y = x - facts.bounds[0], facts.bounds[3] - 1 - y
            inside = 0 <= in_x < facts.shape[1] and 0 <= in_y < facts.shape[0]
            wanted = picture.pixels[in_y, in_x] if inside else np.zeros(facts.shape[2], facts.dtype)
            assert bits(canvas[row, column]) == bits(wanted)


@settings(deadline=None)
@given(host_pictures(), st.integers(0, 2**31))
def test_every_view_keeps_depth_shape_and_alpha(picture: HostPicture, seed: int) -> None:
    frame = frame_of(1, held(picture), display=picture.facts.bounds)
    planes = frame.parts[0].planes
    shape = picture.pixels.shape[:2]
    coverage = np.random.default_rng(seed).random(shape, np.float32)
    for view in VIEWS:
        shown = view_planes(view, planes, planes, coverage, gain=8.0, split=0.5)
        assert list(shown) == list(planes)
        for name, plane in shown.items():
            assert plane.dtype == planes[name].dtype
            assert plane.shape == shape
            if view in ("Matte", "Difference", "Overlay") and name != "A":
                assert np.isfinite(plane).all()
        if "A" in planes:
            assert bits(shown["A"]) == bits(planes["A"])
    shown = view_planes("Source", planes, planes, coverage, gain=1, split=0)
    assert all(bits(shown[name]) == bits(planes[name]) for name in planes)


def test_views_show_what_they_say() -> None:
    source = {n: np.full((4, 10), 0.5, np.float32) for n in "RGBA"}
    restored = {n: p.copy() for n, p in source.items()}
    restored["R"][1, 2] = 0.55
    coverage = np.zeros((4, 10), np.float32)
    coverage[1, 2] = 1.0

    def view(name: str) -> dict[str, NDArray[Any]]:
        return view_planes(name, source, restored, coverage, gain=4.0, split=0.3)

    assert view("Matte")["G"][1, 2] == 1.0
    assert view("Matte")["G"].sum() == 1.0
    assert view("Difference")["R"][1, 2] == pytest.approx(0.7, abs=1e-6)
    assert (view("Difference")["B"] == 0.5).all()
    overlay = view("Overlay")
    assert overlay["R"][1, 2] == 1.0
    assert overlay["G"][1, 2] == 0.0
    assert overlay["R"][0, 0] == overlay["G"][0, 0] < 0.5
    split = view("Split")
    assert (split["R"][1, :3] == 0.5).all()
    assert (split["R"][:, 3] == 1.0).all()
    assert view("Restored")["R"][1, 2] == np.float32(0.55)
    assert with_matte_alpha(source, coverage)["A"][1, 2] == 1.0
    whole = {n: np.full((4, 10), 65535, np.uint16) for n in "RGB"}
    codes = view_planes("Matte", whole, whole, coverage * 0.5, gain=1, split=0)
    assert codes["R"][1, 2] == 32768
    assert with_matte_alpha(whole, coverage).keys() == whole.keys()


@pytest.mark.parametrize(
    ("premult", "dtype", "associated"),
    [
        ("premultiplied", np.uint8, True),
        ("premultiplied", np.float32, True),
        ("unpremultiplied", np.float32, False),
        ("opaque", np.float16, False),
        ("", np.float32, True),
        ("", np.uint16, False),
    ],
)
def test_premultiplication_reaches_the_core(premult: str, dtype: Any, associated: bool) -> None:
    picture = HostPicture(np.ones((2, 2, 4), dtype), premult=premult)
    frame = frame_of(1, held(picture), display=picture.facts.bounds)
    assert has_associated_alpha(frame.parts[0]) is associated


def test_a_host_color_space_is_understood() -> None:
    picture = HostPicture(np.ones((2, 2, 3), np.float32))
    from filmrestore_core.color.suggest import suggest_encoding

    for said, meant in [
        ("ofx_scene_log", "printing-density"),
        ("ofx_scene_linear", "scene-linear"),
        ("ACEScct", "acescct"),
        ("srgb_tx", "srgb"),
        ("no such space", "scene-linear"),
        ("", "scene-linear"),
    ]:
        frame = frame_of(1, held(picture), display=picture.facts.bounds, color_space=said)
        assert suggest_encoding(frame.parts[0])[0].name == meant


def test_coverage_of_masks_of_all_kinds() -> None:
    alpha = HostPicture(np.array([[[0], [255]]], np.uint8))
    assert coverage_of(held(alpha)).tolist() == [[0.0, 1.0]]
    assert coverage_of(held(alpha), inverted=True).tolist() == [[1.0, 0.0]]
    wild = HostPicture(np.array([[[np.nan], [2.0], [-1.0], [np.inf]]], np.float32))
    assert coverage_of(held(wild)).tolist() == [[0.0, 1.0, 0.0, 0.0]]
    with_alpha = HostPicture(np.array([[[9, 9, 9, 0]]], np.uint8))
    assert coverage_of(held(with_alpha)).tolist() == [[0.0]]
    solid = HostPicture(np.array([[[0, 51, 0, 255]]], np.uint8), premult="opaque")
    assert coverage_of(held(solid))[0, 0] == pytest.approx(0.2)
    inside = placed(np.ones((1, 1), np.float32), Box(1, 1, 1, 1), Box(0, 0, 3, 3), 0.25)
    assert inside[1, 1] == 1.0
    assert inside.sum() == 1 + 8 * 0.25


def test_an_output_that_cannot_be_made_is_refused() -> None:
    planes = {n: np.ones((2, 2), np.float32) for n in "RGB"}
    box = Box.of_size(2, 2)
    with pytest.raises(HostError, match="one depth"):
        fill_canvas(np.zeros((2, 2, 3), np.uint8), planes, box, box, "rgb")
    with pytest.raises(HostError, match="ALPHA"):
        fill_canvas(np.zeros((2, 2, 1), np.float32), planes, box, box, "alpha")
    wider = np.zeros((2, 2, 4), np.float32)
    fill_canvas(wider, planes, box, box, "rgba")
    assert (wider == 1).all()
