"""Pixels through the shim: every layout a host may have, and not a byte outside the window."""

import json

import numpy as np
import pytest

from filmrestore_openfx.testhost import FAILED, OK, HostImage, HostOptions

DEPTHS = [np.uint8, np.uint16, np.float16, np.float32]


def picture(seed=0, height=19, width=31, channels=4, dtype=np.float32, **layout):
    """All bit patterns may come: NaN and infinities among the floats."""
    rng = np.random.default_rng(seed)
    raw = rng.integers(0, 256, (height, width, channels * np.dtype(dtype).itemsize), np.uint8)
    return HostImage(raw.view(dtype), **layout)


def bits(array):
    return np.ascontiguousarray(array).view(np.uint8)


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    ("negative", "padding", "origin"),
    [(False, 0, (0, 0)), (True, 12, (-7, 40)), (False, 3, (5, -9))],
)
def test_every_depth_and_layout_there_and_back(
    open_host, dtype, channels, negative, padding, origin
):
    node = open_host().create()
    source = picture(
        1, channels=channels, dtype=dtype, negative=negative, padding=padding, origin=origin
    )
    node.connect("Source", lambda _: source)
    node.set("mode", "invert")
    output = HostImage.blank_like(source, negative=not negative, padding=5)
    assert node.render(7, output) == OK, node.message()
    assert np.array_equal(bits(output.pixels()), 255 - bits(source.pixels()))


@pytest.mark.parametrize("mode", ["invert", "copy"])
@pytest.mark.parametrize(
    "window", [(3, 4, 9, 11), (-50, -50, 500, 500), (0, 0, 31, 1), (30, 18, 31, 19), (5, 5, 5, 9)]
)
def test_only_the_window_is_written(open_host, mode, window):
    node = open_host().create()
    source = picture(2, dtype=np.uint16, padding=2)
    node.connect("Source", lambda _: source)
    node.set("mode", mode)
    output = HostImage.blank_like(source, negative=True, padding=4)
    assert node.render(1, output, window=window) == OK, node.message()
    shown, given = bits(output.pixels()), bits(source.pixels())
    height = given.shape[0]
    x1, y1, x2, y2 = (
        max(window[0], 0),
        max(window[1], 0),
        min(window[2], 31),
        min(window[3], height),
    )
    inside = (slice(height - y2, height - y1), slice(x1 * 8, x2 * 8))
    expected = 255 - given if mode == "invert" else given
    flat = shown.reshape(height, -1)
    assert np.array_equal(flat[inside], expected.reshape(height, -1)[inside])


def test_a_window_beside_the_picture_writes_nothing(open_host):
    node = open_host().create()
    source = picture(3)
    node.connect("Source", lambda _: source)
    output = HostImage.blank_like(source)
    assert node.render(1, output, window=(100, 100, 120, 110)) == OK
    assert not output.changed()


def test_a_copy_is_zero_where_the_clip_has_no_picture(open_host):
    node = open_host().create()
    source = picture(4, height=6, width=5, origin=(2, 3))
    node.connect("Source", lambda _: source)
    output = HostImage.blank_like(source, bounds=(0, 0, 12, 11))
    assert node.render(1, output) == OK
    shown = output.pixels()
    assert np.array_equal(bits(shown[2:8, 2:7]), bits(source.pixels()))
    shown[2:8, 2:7] = 0
    assert not bits(shown).any()


def test_boxes_are_laid_over_a_copy(open_host):
    node = open_host().create()
    source = picture(5, dtype=np.uint8)
    node.connect("Source", lambda _: source)
    node.set("mode", "copy-and-boxes " + json.dumps([[1, 2, 4, 6], [-3, 15, 2, 30]]))
    output = HostImage.blank_like(source, padding=7)
    assert node.render(1, output) == OK, node.message()
    expected = source.pixels()
    expected[19 - 6 : 19 - 2, 1:4] = 1
    expected[0 : 19 - 15, 0:2] = 1
    assert np.array_equal(output.pixels(), expected)


@pytest.mark.parametrize("mode", ["nothing", "half"])
def test_a_picture_that_is_not_filled_is_an_error_and_writes_nothing(open_host, mode):
    node = open_host().create()
    source = picture(6)
    node.connect("Source", lambda _: source)
    node.set("mode", mode)
    output = HostImage.blank_like(source)
    assert node.render(1, output) == FAILED
    assert not output.changed()
    assert "did not fill the whole picture" in node.message()[1]


@pytest.mark.parametrize(
    ("bit", "what"), [(1, "data"), (2, "bounds"), (4, "row"), (8, "depth"), (16, "comp")]
)
def test_an_image_that_lacks_something_is_refused(open_host, bit, what):
    node = open_host().create()
    good, lacking = picture(7), picture(7, leave_out=bit)
    node.connect("Source", lambda _: lacking)
    node.set("mode", "asks " + json.dumps([["image", "Source", 3], ["pixels", 1, 0]]))
    assert node.render(3, HostImage.blank_like(good)) == FAILED
    heard = json.loads(node.message()[1])
    assert heard[0][:2] == ["no", "unusable"]
    assert what in heard[0][2]
    assert heard[1][0] == "bad"


def test_an_output_that_lacks_something_is_refused(open_host):
    node = open_host().create()
    source = picture(8)
    node.connect("Source", lambda _: source)
    output = picture(8, leave_out=1)
    assert node.render(3, output) == FAILED
    assert not output.changed()


def test_frames_that_do_not_exist_are_missing_and_all_others_come(open_host):
    node = open_host().create()
    frames = {t: HostImage(np.full((4, 4, 4), t, np.uint8)) for t in (10, 11, 13)}
    node.connect("Source", frames.get, first=10, last=13)
    node.set("mode", "times [-1, 0, 1, 2, 0.5]")
    assert node.render(11, HostImage.blank_like(frames[11])) == OK
    heard, sent = json.loads(node.message()[1])
    assert heard == ["10", "11", "missing", "13", "missing"]
    assert sent == 3


def test_other_times_are_not_asked_of_a_host_that_does_not_grant_them(open_host):
    node = open_host(options=HostOptions(temporal=False)).create()
    source = HostImage(np.full((4, 4, 4), 9, np.uint8))
    node.connect("Source", lambda _: source)
    node.set("mode", "times [-1, 0, 1]")
    assert node.render(5, HostImage.blank_like(source)) == OK
    assert json.loads(node.message()[1])[0] == ["no-temporal", "9", "no-temporal"]
    assert {time for _, time in node.asked} == {5.0}


def test_a_clip_without_temporal_access_gives_only_its_own_time(open_host):
    from filmrestore_openfx.testhost.host import GENERAL

    node = open_host().create(GENERAL)
    source = HostImage(np.full((4, 4, 4), 9, np.uint8))
    for clip in ("Source", "Mask"):
        node.connect(clip, lambda _: source)
    node.set("mode", "asks " + json.dumps([["image", "Mask", 4], ["image", "Mask", 5]]))
    assert node.render(5, HostImage.blank_like(source)) == OK
    heard = json.loads(node.message()[1])
    assert heard[0] == ["no", "no-temporal"]
    assert heard[1][0] == "ok"


def test_an_unconnected_mask_is_missing(open_host):
    from filmrestore_openfx.testhost.host import GENERAL

    node = open_host().create(GENERAL)
    source = HostImage(np.full((4, 4, 4), 9, np.uint8))
    node.connect("Source", lambda _: source)
    node.connect("Mask", lambda _: source)
    node.clips()["Mask"].set("OfxImageClipPropConnected", 0)
    node.set("mode", "asks " + json.dumps([["image", "Mask", 5]]))
    assert node.render(5, HostImage.blank_like(source)) == OK
    assert json.loads(node.message()[1]) == [["no", "missing"]]


def test_a_picture_the_worker_holds_is_not_sent_again(open_host):
    node = open_host().create()
    frames = {t: HostImage(np.full((4, 4, 4), t, np.uint8), uid="constant") for t in range(1, 9)}
    node.connect("Source", frames.get)
    node.set("mode", "times [-1, 0, 1]")
    sent = []
    for time in range(2, 8):
        assert node.render(time, HostImage.blank_like(frames[time])) == OK
        sent.append(json.loads(node.message()[1])[1])
    assert sent == [3, 4, 5, 6, 7, 8]


def test_one_changed_bit_changes_the_key_and_the_layout_does_not(open_host):
    node = open_host().create()
    pixels = picture(9).pixels()
    other = pixels.copy()
    bits(other)[7, 9, 0] ^= 1
    frames = {
        1: HostImage(pixels, uid="same"),
        2: HostImage(other, uid="same"),
        3: HostImage(pixels, uid="different", negative=True, padding=9),
        4: HostImage(pixels, origin=(1, 0)),
    }
    node.connect("Source", frames.get)
    node.set("mode", "asks " + json.dumps([["image", "Source", t] for t in (1, 2, 3, 4)]))
    assert node.render(1, HostImage.blank_like(frames[1])) == OK
    keys = [heard[1] for heard in json.loads(node.message()[1])]
    assert keys[0] == keys[2]
    assert len(set(keys)) == 3
