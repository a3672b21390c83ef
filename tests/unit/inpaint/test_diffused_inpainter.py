"""Holes drawn by a diffusion net: where, from what, and how steady."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.errors import ModelContractError, Stopped
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.inpaint.carried_noise import carried_noise
from filmrestore_core.inpaint.diffused import CELL, MARGIN, DiffusedInpainter
from filmrestore_core.inpaint.planes import CENTER, FIRST
from filmrestore_core.inpaint.sampler import RESIDUAL_SCALE, STEP_PLANE_NAMES
from filmrestore_core.matte import Matte
from filmrestore_core.models.card import ModelCard
from filmrestore_core.plate import Plate
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment.refine import matte_from_coverage
from filmrestore_core.settings import SamplerSettings
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow, TemporalWindow

HEIGHT, WIDTH = 200, 330
BOX = Box.of_size(WIDTH, HEIGHT)
COUNT = len(STEP_PLANE_NAMES)
Shares = NDArray[np.float32]
Mixer = Callable[[Shares], Session]

SMALL = (slice(40, 48), slice(60, 70))
# Longer than a cell, both ways.
LONG = (slice(0, HEIGHT), slice(100, 103))
LARGE = (slice(20, 190), slice(150, 320))


@pytest.fixture(scope="module")
def mixer(tiny_card: Callable[..., ModelCard]) -> Mixer:
    """A net that gives fixed shares of its planes."""
    pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    def make(shares: Shares) -> Session:
        card = tiny_card(
            task="inpaint",
            planes="diffuse-t5-v1",
            classes=[],
            calibration={},
            inputs=[{"name": "planes", "shape": [1, COUNT, "H", "W"]}],
            outputs=[{"name": "residual", "shape": [1, 3, "H", "W"]}],
            size={"multiple_of": 16, "minimum": 64},
            tiles={"size": 96, "overlap": 16},
            temporal={"size": 5, "center": 2},
        )
        graph = helper.make_graph(
            [helper.make_node("Conv", ["planes", "w"], ["residual"])],
            "mixer",
            [helper.make_tensor_value_info("planes", 1, [1, COUNT, "H", "W"])],
            [helper.make_tensor_value_info("residual", 1, [1, 3, "H", "W"])],
            [numpy_helper.from_array(shares[..., None, None].astype(np.float32), "w")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return Session(card, bytes(model.SerializeToString()))

    return make


def shares_of(**parts: float) -> Shares:
    """A net that gives a sum of its planes: "noised", "center" and "first", each with a factor."""
    places = {
        "noised": slice(0, 3),
        "center": slice(4 + CENTER.start, 4 + CENTER.stop),
        "first": slice(4 + FIRST.start, 4 + FIRST.stop),
    }
    shares = np.zeros((3, COUNT), np.float32)
    for name, factor in parts.items():
        shares[:, places[name]] += factor * np.eye(3, dtype=np.float32)
    return shares


def window_of(number: int = 0, channels: int = 3) -> AlignedWindow:
    """A picture that stands still."""
    rng = np.random.default_rng(3)
    pixels = np.repeat(rng.random((HEIGHT, WIDTH, 1), np.float32), channels, axis=2)
    still = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    ones = np.ones((HEIGHT, WIDTH), np.float32)
    plate = Plate(number, pixels, BOX, ones > 0)
    around = [AlignedNeighbor(number + step, step, pixels, ones, still) for step in (-2, -1, 1, 2)]
    return AlignedWindow(TemporalWindow(plate, ()), tuple(around))


def mattes_of(number: int, *holes: tuple[slice, slice]) -> dict[int, Matte]:
    coverage = np.zeros((HEIGHT, WIDTH), np.float32)
    for hole in holes:
        coverage[hole] = 1.0
    empty = {number + n: Matte.empty(number + n, BOX) for n in (-2, -1, 1, 2)}
    return {number: matte_from_coverage(number, BOX, coverage), **empty}


def first_of(window: AlignedWindow, mattes: dict[int, Matte]) -> Fill:
    """Gray in all holes."""
    filled = mattes[window.center.number].coverage > 0
    pixels = np.where(filled[..., None], np.float32(0.5), window.center.pixels)
    methods = np.where(filled, np.uint8(FILL_METHODS.index("spatial")), np.uint8(0))
    return Fill(pixels, filled, np.ones(filled.shape, np.float32), methods)


GRAIN = GrainModel.none(3)
# The net alone decides.
FREE = SamplerSettings(steps=4, fidelity=0.0, fineness=0.0)


def drawn(
    session: Session,
    *holes: tuple[slice, slice],
    number: int = 0,
    channels: int = 3,
    seed: int = 1,
    **settings: float,
) -> tuple[AlignedWindow, Fill, Fill]:
    window, mattes = window_of(number, channels), mattes_of(number, *holes)
    first = first_of(window, mattes)
    chosen = FREE.model_copy(update=settings)
    who = DiffusedInpainter(session, chosen, seed=seed)
    return window, first, who.better(window, mattes, first, grain=GrainModel.none(channels))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_net_that_knows_the_answer_fills_holes_of_any_size(mixer: Mixer, channels: int) -> None:
    scale = RESIDUAL_SCALE
    net = mixer(shares_of(center=scale, first=-scale))
    window, first, found = drawn(net, SMALL, LONG, LARGE, channels=channels)
    np.testing.assert_allclose(
        found.pixels[first.filled], window.center.pixels[first.filled], atol=1e-5
    )
    assert np.array_equal(found.filled, first.filled)
    assert found.methods is not None
    assert np.all(found.methods[first.filled] == FILL_METHODS.index("diffusion"))
    assert np.all(found.grain_kept[first.filled] == 0)


def test_only_filled_pixels_change(mixer: Mixer) -> None:
    window, first, found = drawn(mixer(shares_of(noised=1.0)), SMALL, LONG)
    outside = ~first.filled
    assert np.array_equal(found.pixels[outside], window.center.pixels[outside])
    assert np.array_equal(found.grain_kept[outside], first.grain_kept[outside])
    assert np.all(found.methods[outside] == 0)  # type: ignore[index]
    assert (found.pixels[first.filled] != 0.5).mean() > 0.99


def test_only_part_of_what_is_covered_may_be_its_own(mixer: Mixer) -> None:
    window, mattes = window_of(), mattes_of(0, SMALL, LARGE)
    first = first_of(window, mattes)
    own = np.zeros_like(first.filled)
    own[SMALL] = first.filled[SMALL]
    who = DiffusedInpainter(mixer(shares_of(noised=1.0)), FREE, seed=1)
    found = who.better(window, mattes, replace(first, filled=own), grain=GRAIN)
    assert np.array_equal(found.pixels[~own], first.pixels[~own])


def test_cells_of_one_hole_share_the_noise_of_the_picture(mixer: Mixer) -> None:
    """A net that answers with its input draws the noise itself: the whole field, without seams."""
    window, first, found = drawn(mixer(shares_of(noised=1.0)), LARGE, steps=1)
    noise = carried_noise(window, BOX, seed=1)
    wanted = 0.5 + np.moveaxis(noise, 0, -1) / RESIDUAL_SCALE
    np.testing.assert_allclose(found.pixels[first.filled], wanted[first.filled], atol=1e-5)


def test_crops_are_bounded_and_counted(mixer: Mixer) -> None:
    shapes: list[tuple[int, ...]] = []
    net = mixer(shares_of())

    class Watched:
        card = net.card

        def run(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
            shapes.append(planes.shape)
            return net.run(planes)

    _, first, found = drawn(Watched(), SMALL, LARGE, steps=2)  # type: ignore[arg-type]
    sides = [side for shape in shapes for side in shape[1:]]
    assert min(sides) >= 64
    assert max(sides) <= CELL + 2 * MARGIN
    assert all(side % 16 == 0 for side in sides)
    cost = found.costs["diffusion"]
    assert (cost.holes, cost.area) == (2, int(first.filled.sum()))
    assert cost.tiles * 2 == sum(s[1] * s[2] for s in shapes)
    assert cost.seconds > 0


def test_frames_side_by_side_are_drawn_alike_and_far_ones_are_not(mixer: Mixer) -> None:
    net = mixer(shares_of(noised=1.0))
    fills = {n: drawn(net, LARGE, number=n)[2].pixels[LARGE] for n in (7, 8, 20)}
    alike = [np.corrcoef(fills[7].ravel(), fills[n].ravel())[0, 1] for n in (8, 20)]
    # Four of five fields of noise are the same.
    assert alike[0] > 0.7
    assert abs(alike[1]) < 0.05


def test_the_seed_decides_and_the_same_seed_repeats(mixer: Mixer) -> None:
    net = mixer(shares_of(noised=1.0))
    one, again, other = (drawn(net, SMALL, seed=s)[2].pixels for s in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_picture_smaller_than_the_net_takes_is_filled(mixer: Mixer) -> None:
    small = Box.of_size(40, 30)
    net = mixer(shares_of(noised=1.0))
    pixels = np.full((30, 40, 3), 0.25, np.float32)
    plate = Plate(3, pixels, small, np.ones((30, 40), np.bool_))
    window = AlignedWindow(TemporalWindow(plate, ()), ())
    coverage = np.zeros((30, 40), np.float32)
    coverage[10:20, 30:40] = 1.0
    mattes = {3: matte_from_coverage(3, small, coverage)}
    filled = coverage > 0
    first = Fill(pixels, filled, np.zeros((30, 40), np.float32))
    found = DiffusedInpainter(net, FREE, seed=1).better(window, mattes, first, grain=GRAIN)
    assert np.isfinite(found.pixels).all()
    assert (found.pixels[filled] != 0.25).mean() > 0.99
    assert np.array_equal(found.pixels[~filled], pixels[~filled])


def test_it_stops_between_steps(mixer: Mixer) -> None:
    window, mattes = window_of(), mattes_of(0, SMALL)
    asked = iter([False, False, True])
    who = DiffusedInpainter(mixer(shares_of()), SamplerSettings(steps=8), seed=1)
    with pytest.raises(Stopped):
        who.better(
            window, mattes, first_of(window, mattes), grain=GRAIN, should_stop=lambda: next(asked)
        )


def test_nothing_to_fill_costs_nothing(mixer: Mixer) -> None:
    _, first, found = drawn(mixer(shares_of()))
    assert found is first


def test_a_net_that_draws_nothing_is_refused(
    tiny_card: Callable[..., ModelCard], tiny_onnx: Callable[..., bytes]
) -> None:
    card = tiny_card()
    with pytest.raises(ModelContractError, match="diffuse-t5-v1"):
        DiffusedInpainter(Session(card, tiny_onnx(card)), SamplerSettings())
