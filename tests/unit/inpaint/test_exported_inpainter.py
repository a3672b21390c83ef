"""A net that betters fills: what it is shown, what it may change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.errors import ModelContractError, Stopped
from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.inpaint.chain import fill_frame
from filmrestore_core.inpaint.exported_net import ExportedInpainter
from filmrestore_core.inpaint.held import MOST_SHOWN
from filmrestore_core.inpaint.planes import (
    CENTER,
    FIRST,
    LENT,
    MATTE,
    PLANE_NAMES,
    SPOILED,
    VALIDITY,
    fill_planes,
    spoiled_neighbors,
)
from filmrestore_core.matte import Matte
from filmrestore_core.models.card import ModelCard
from filmrestore_core.plate import Plate
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment.refine import matte_from_coverage
from filmrestore_core.settings import RepairSettings
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow

HEIGHT, WIDTH = 90, 130
BOX = Box.of_size(WIDTH, HEIGHT)
Mixer = Callable[[NDArray[np.float32]], Session]


@pytest.fixture(scope="module")
def mixer(tiny_card: Callable[..., ModelCard]) -> Mixer:
    """A net that gives fixed shares of its planes."""
    pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    def make(shares: NDArray[np.float32]) -> Session:
        count = len(PLANE_NAMES)
        card = tiny_card(
            task="inpaint",
            planes="fill-t5-v2",
            classes=[],
            calibration={},
            inputs=[{"name": "planes", "shape": [1, count, "H", "W"]}],
            outputs=[{"name": "fill", "shape": [1, 3, "H", "W"]}],
            size={"multiple_of": 8, "minimum": 32},
            temporal={"size": 5, "center": 2},
        )
        graph = helper.make_graph(
            [helper.make_node("Conv", ["planes", "w"], ["fill"])],
            "mixer",
            [helper.make_tensor_value_info("planes", 1, [1, count, "H", "W"])],
            [helper.make_tensor_value_info("fill", 1, [1, 3, "H", "W"])],
            [numpy_helper.from_array(shares[..., None, None].astype(np.float32), "w")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return Session(card, bytes(model.SerializeToString()))

    return make


def shares_of(part: slice) -> NDArray[np.float32]:
    """A net that gives back three of its planes."""
    shares = np.zeros((3, len(PLANE_NAMES)), np.float32)
    shares[:, part] = np.eye(3)
    return shares


def window_of(channels: int = 3) -> AlignedWindow:
    import cv2

    rng = np.random.default_rng(3)
    wide = cv2.GaussianBlur(rng.standard_normal((HEIGHT, 300)).astype(np.float32), (0, 0), 4)
    wide = 0.45 + 0.1 * wide / wide.std()
    plates = {}
    for step in range(-2, 3):
        place = np.asarray([[1, 0, -80 - 2.0 * step], [0, 1, 0]])
        view = cv2.warpAffine(wide, place, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
        view = view + 0.01 * np.random.default_rng([4, step + 2]).standard_normal(view.shape)
        pixels = np.repeat(view[..., None], channels, axis=2).astype(np.float32)
        plates[step] = Plate(step, pixels, BOX, np.ones((HEIGHT, WIDTH), np.bool_))
    return align(TemporalWindow(plates[0], tuple(plates[s] for s in (-2, -1, 1, 2))))


def mattes_of(*holes: tuple[slice, slice]) -> dict[int, Matte]:
    coverage = np.zeros((HEIGHT, WIDTH), np.float32)
    for hole in holes:
        coverage[hole] = 1.0
    empty = {n: Matte.empty(n, BOX) for n in (-2, -1, 1, 2)}
    return {0: matte_from_coverage(0, BOX, coverage), **empty}


SMALL = (slice(40, 48), slice(60, 70))
LONG = (slice(0, HEIGHT), slice(100, 103))


def bettered(session: Session, channels: int = 3) -> tuple[AlignedWindow, Fill, Fill]:
    window, mattes = window_of(channels), mattes_of(SMALL, LONG)
    grain = estimate_grain(window, mattes[0])
    first = fill_frame(window, mattes, RepairSettings(), grain=grain)
    return window, first, ExportedInpainter(session).better(window, mattes, first, grain=grain)


def _shown(first: Fill) -> np.ndarray:
    """Most of what is filled; elsewhere the net is not believed."""
    assert first.methods is not None
    shown = first.methods == FILL_METHODS.index("temporal")
    assert shown.sum() > 0.8 * first.filled.sum()
    return shown


@pytest.mark.parametrize("channels", [1, 3])
def test_a_net_that_gives_the_first_fill_changes_nothing(mixer: Mixer, channels: int) -> None:
    _, first, found = bettered(mixer(shares_of(FIRST)), channels)
    # A monochrome fill is the mean of three equal planes.
    np.testing.assert_allclose(found.pixels, first.pixels, atol=1e-6)
    assert np.array_equal(found.filled, first.filled)
    assert found.methods is not None
    assert np.all(found.methods[first.filled] == FILL_METHODS.index("net"))


def test_only_filled_pixels_change(mixer: Mixer) -> None:
    window, first, found = bettered(mixer(np.zeros((3, len(PLANE_NAMES)), np.float32)))
    # The net says black; it is believed part of the way.
    shown = _shown(first)
    assert np.all(found.pixels[shown] < first.pixels[shown])
    assert found.pixels[shown].mean() > first.pixels[shown].mean() - 1.2 * MOST_SHOWN
    unshown = first.filled & ~shown
    assert np.array_equal(found.pixels[unshown], first.pixels[unshown])
    assert np.array_equal(found.pixels[~first.filled], window.center.pixels[~first.filled])


def test_the_net_sees_through_damage(mixer: Mixer) -> None:
    window, first, found = bettered(mixer(shares_of(CENTER)))
    shown = _shown(first)
    np.testing.assert_allclose(found.pixels[shown], window.center.pixels[shown], atol=1e-6)


def test_a_neighbor_lends_what_it_shows(mixer: Mixer) -> None:
    shares = shares_of(FIRST)
    start = LENT.start + 3 * 1
    shares[:, start : start + 3] = np.eye(3)
    window, first, found = bettered(mixer(shares))
    before = next(n for n in window.neighbors if n.offset == -1)
    shown = _shown(first)
    np.testing.assert_allclose(found.pixels[shown], before.pixels[shown], atol=1e-5)


def test_planes_say_what_is_spoiled() -> None:
    window, mattes = window_of(), mattes_of(SMALL)
    coverage = np.zeros((HEIGHT, WIDTH), np.float32)
    coverage[20:30, 20:30] = 1.0
    mattes[-1] = matte_from_coverage(-1, BOX, coverage)
    del mattes[2]
    spoiled = spoiled_neighbors(window, mattes)
    whole = slice(0, HEIGHT), slice(0, WIDTH)
    planes = fill_planes(
        window, spoiled, mattes[0].coverage, window.center.pixels, *whole, noise=0.01
    )
    # The picture goes 2 px to the left from frame to frame, seen from the center.
    assert planes[SPOILED.start + 1, 25, 25] > 0.5
    assert planes[SPOILED.start + 1, 60, 60] == 0
    assert np.all(planes[SPOILED.start + 3] == 1)
    assert np.all(planes[SPOILED.start] == 0)
    assert np.array_equal(planes[MATTE], mattes[0].coverage)
    assert planes[VALIDITY].mean() > 0.8


def test_it_stops_when_asked(mixer: Mixer) -> None:
    window, mattes = window_of(), mattes_of(SMALL)
    grain = estimate_grain(window, mattes[0])
    first = fill_frame(window, mattes, RepairSettings(), grain=grain)
    net = ExportedInpainter(mixer(shares_of(FIRST)))
    with pytest.raises(Stopped):
        net.better(window, mattes, first, grain=grain, should_stop=lambda: True)


def test_a_segmenter_is_no_inpainter(
    tiny_card: Callable[..., ModelCard], tiny_onnx: Callable[..., bytes]
) -> None:
    card = tiny_card()
    with pytest.raises(ModelContractError, match="inpaint"):
        ExportedInpainter(Session(card, tiny_onnx(card)))
