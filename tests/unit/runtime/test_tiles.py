"""Tiles: no seams, any size, only what is wanted, and what happens when memory runs out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.errors import DeviceMemoryError, ModelContractError, Stopped
from filmrestore_core.models.card import ModelCard, SizeRule, TileRule
from filmrestore_core.runtime.device import CPU_PROVIDER, ChosenDevice, Device
from filmrestore_core.runtime.session import Session
from filmrestore_core.runtime.tile_grid import SQUARES, tiles_of
from filmrestore_core.runtime.tiles import run_cut, run_tiled

Cards = Callable[..., ModelCard]
Nets = Callable[..., bytes]

# Float32 sums may be taken in another order where a tile has another width; scores are at most 1
# and the tiny net adds up to 72 terms: 72 * 2**-24 is 4e-6.
BOUND = 5e-6


def _planes(height: int, width: int, seed: int = 3) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).random((3, height, width), np.float32)


def _whole(session: Session, planes: Any, x: int = 0, y: int = 0) -> Any:
    """The whole picture at once, grown to the card's multiple by repeating its edge."""
    step, least = session.card.size.multiple_of, session.card.size.minimum
    height, width = planes.shape[1:]
    top, left = y % step, x % step
    bottom = max(-(top + height) % step, least - top - height)
    right = max(-(left + width) % step, least - left - width)
    padded = np.pad(planes, ((0, 0), (top, bottom), (left, right)), mode="edge")
    return session.run(padded)[:, top : top + height, left : left + width]


@pytest.fixture(scope="module")
def session(tiny_onnx: Nets, tiny_card: Cards) -> Session:
    return Session(tiny_card(), tiny_onnx(), device=Device.CPU)


@pytest.mark.parametrize(
    ("height", "width"),
    [(64, 64), (96, 96), (97, 203), (101, 64), (250, 131), (7, 300), (1, 1), (16, 500)],
)
@pytest.mark.parametrize("origin", [(0, 0), (-5, 3), (1001, -46)])
def test_tiles_leave_no_seams(
    session: Session, height: int, width: int, origin: tuple[int, int]
) -> None:
    planes = _planes(height, width)
    found = run_tiled(session, planes, box_origin=origin)
    assert found.output.dtype == np.float32
    assert found.computed is None
    assert found.notes == ()
    np.testing.assert_allclose(found.output, _whole(session, planes, *origin), rtol=0, atol=BOUND)


def test_too_little_overlap_would_be_seen(tiny_onnx: Nets, tiny_card: Cards) -> None:
    card = tiny_card(tiles={"size": 48, "overlap": 0})
    session = Session(card, tiny_onnx(), device=Device.CPU)
    planes = _planes(97, 150)
    difference = np.abs(run_tiled(session, planes).output - _whole(session, planes))
    assert difference.max() > 1000 * BOUND


def test_a_pixel_is_the_same_in_any_window(session: Session) -> None:
    planes = _planes(200, 260)
    whole = run_tiled(session, planes).output
    part = run_tiled(session, planes[:, 60:180, 32:240], box_origin=(32, 60)).output
    # Inside, further than the net reaches from the window's edge.
    np.testing.assert_allclose(
        part[:, 20:-20, 20:-20], whole[:, 80:160, 52:220], rtol=0, atol=BOUND
    )


@pytest.mark.parametrize("block", [16, 30, 128])
def test_only_what_is_wanted_is_computed(session: Session, block: int) -> None:
    planes = _planes(230, 310)
    wanted = np.zeros((230, 310), np.bool_)
    wanted[5, 7] = wanted[100:104, 200:260] = wanted[229, 309] = wanted[110, 90] = True
    found = run_tiled(session, planes, wanted=wanted, block=block)
    assert found.computed is not None
    assert found.computed[wanted].all()
    assert not found.output[:, ~found.computed].any()
    whole = run_tiled(session, planes)
    np.testing.assert_allclose(
        found.output[:, found.computed], whole.output[:, found.computed], rtol=0, atol=BOUND
    )
    assert found.share < whole.share
    if block == 16:
        assert found.computed.sum() < 0.1 * wanted.size


def test_nothing_wanted_runs_nothing(session: Session) -> None:
    wanted = np.zeros((100, 100), np.bool_)
    found = run_tiled(session, _planes(100, 100), wanted=wanted)
    assert found.share == 0
    assert not found.output.any()
    everything = run_tiled(session, _planes(100, 100), wanted=~wanted)
    np.testing.assert_array_equal(everything.output, run_tiled(session, _planes(100, 100)).output)


def test_planes_may_be_made_tile_by_tile(session: Session) -> None:
    planes = _planes(150, 190)
    asked: list[Box] = []

    def cut(box: Box, into: NDArray[np.float32]) -> None:
        asked.append(box)
        into[:] = planes[:, box.y : box.bottom, box.x : box.right]

    found = run_cut(session, cut, shape=(150, 190), box_origin=(-3, 2))
    np.testing.assert_array_equal(
        found.output, run_tiled(session, planes, box_origin=(-3, 2)).output
    )
    assert all(Box.of_size(190, 150).contains(box) for box in asked)
    assert max(box.area for box in asked) <= SQUARES * session.card.tiles.size**2


@pytest.mark.parametrize(
    ("height", "width", "count"),
    [(1556, 2048, 1), (1080, 1920, 1), (3112, 4096, 8), (300, 9000, 1)],
)
def test_tiles_are_as_few_as_their_area_allows(
    tiny_card: Cards, height: int, width: int, count: int
) -> None:
    card = tiny_card(tiles={"size": 1184, "overlap": 80})
    tiles = tiles_of(Box.of_size(width, height), card)
    assert len(tiles) == count
    assert len(tiles_of(Box.of_size(width, height), card, joined=False)) > count


def test_joined_tiles_give_the_scores_of_squares(session: Session) -> None:
    planes = _planes(150, 190)
    squares = np.zeros((2, 150, 190), np.float32)
    picture = Box.of_size(190, 150)
    for tile in tiles_of(picture, session.card, joined=False):
        inside, kept = tile.reach.intersect(picture), tile.core.slices(picture)
        rows, columns = inside.slices(picture)
        inner = tile.core.slices(inside)
        squares[:, *kept] = _whole(session, planes[:, rows, columns])[:, *inner]
    np.testing.assert_allclose(run_tiled(session, planes).output, squares, rtol=0, atol=BOUND)


def test_it_stops_between_tiles(session: Session) -> None:
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(Stopped):
        run_tiled(session, _planes(250, 390), should_stop=stop)
    assert len(asked) == 3


def test_a_mask_of_another_size_is_refused(session: Session) -> None:
    with pytest.raises(ModelContractError, match="wanted mask"):
        run_tiled(session, _planes(64, 64), wanted=np.zeros((64, 65), np.bool_))
    with pytest.raises(ModelContractError, match=r"not \(P, H, W\)"):
        run_tiled(session, np.zeros((64, 64), np.float32))


@pytest.mark.slow
def test_an_8k_frame(tiny_onnx: Nets, tiny_card: Cards) -> None:
    """7680 x 4320, whose planes never stand as a whole."""
    session = Session(
        tiny_card(tiles={"size": 1024, "overlap": 24}), tiny_onnx(), device=Device.CPU
    )
    height, width = 4320, 7680
    rows = np.random.default_rng(1).random((3, height, 1), np.float32)
    columns = np.random.default_rng(2).random((3, 1, width), np.float32)

    def cut(box: Box, into: NDArray[np.float32]) -> None:
        np.multiply(rows[:, box.y : box.bottom], columns[:, :, box.x : box.right], out=into)

    found = run_cut(session, cut, shape=(height, width))
    assert found.output.shape == (2, height, width)
    for y, x in ((900, 900), (1900, 3840), (4120, 7480), (0, 0)):
        box = Box(x, y, 200, 200)
        reach = box.grow(24).intersect(Box.of_size(width, height))
        planes = np.empty((3, *reach.shape), np.float32)
        cut(reach, planes)
        part = _whole(session, planes, reach.x, reach.y)
        inner = box.slices(reach)
        np.testing.assert_allclose(
            found.output[:, y : y + 200, x : x + 200],
            part[:, inner[0], inner[1]],
            rtol=0,
            atol=BOUND,
        )


class _SmallGpu(Session):
    """A session that behaves as one on a GPU which can hold two tiles and no more."""

    def __init__(self, card: ModelCard, content: bytes) -> None:
        super().__init__(card, content, device=Device.CPU)
        gpu = ChosenDevice(Device.CUDA, (CPU_PROVIDER,), "Runs on a GPU.")
        self._loaded = (self._loaded[0], gpu)
        self.runs = 0

    def run(self, planes: Any) -> Any:
        self.runs += 1
        if self.device.device is Device.CUDA:
            if self.runs > 2:
                raise DeviceMemoryError("cuda has too little memory.")
            # Another device differs in the last bits; exaggerated, to see a mix.
            return super().run(planes) + 1
        return super().run(planes)


def test_when_a_device_runs_out_of_memory_the_processor_goes_on(
    tiny_onnx: Nets, tiny_card: Cards, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    planes = _planes(250, 390)
    small = _SmallGpu(tiny_card(), tiny_onnx())
    found = run_tiled(small, planes)
    np.testing.assert_array_equal(found.output, run_tiled(session, planes).output)
    assert found.notes == (
        "tiny-net-1.0.0: cuda had too little memory; went on with the processor.",
    )
    assert found.notes[0] in caplog.text
    assert small.device.device is Device.CPU
    assert run_tiled(small, planes).notes == ()


def test_when_the_processor_runs_out_of_memory_it_is_said(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Any) -> Any:
        raise DeviceMemoryError("cpu has too little memory.")

    monkeypatch.setattr(session, "run", full)
    with pytest.raises(DeviceMemoryError):
        run_tiled(session, _planes(64, 64))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_tiles_cover_a_picture_once_and_keep_the_rules(
    data: st.DataObject, tiny_card: Cards
) -> None:
    step = data.draw(st.sampled_from([1, 4, 8, 16]))
    overlap = step * data.draw(st.integers(0, 5))
    core = step * data.draw(st.integers(1, 9))
    least = data.draw(st.integers(1, 64))
    size = max(core + 2 * overlap, 16, -(-least // step) * step)
    size = -(-size // step) * step
    card = tiny_card().model_copy(
        update={
            "size": SizeRule(multiple_of=step, minimum=least),
            "tiles": TileRule(size=size, overlap=overlap),
        }
    )
    picture = Box(
        data.draw(st.integers(-90, 90)),
        data.draw(st.integers(-90, 90)),
        data.draw(st.integers(1, 200)),
        data.draw(st.integers(1, 200)),
    )
    seen = np.zeros(picture.shape, np.int64)
    joined = data.draw(st.booleans())
    tiles = tiles_of(picture, card, joined=joined)
    for tile in tiles:
        rows, columns = tile.core.slices(picture)
        seen[rows, columns] += 1
        assert tile.reach.contains(tile.core)
        for side in (tile.reach.width, tile.reach.height):
            assert side % step == 0
            assert least <= side
            assert joined or side <= size
        assert tile.reach.area <= SQUARES * size**2
        assert tile.reach.x % step == tile.reach.y % step == 0
        # Beyond the picture there is less than a multiple, or what the smallest size asks for.
        beyond = max(step - 1, least + step)
        assert picture.grow(beyond).contains(tile.reach)
    assert (seen == 1).all()
    squares = tiles_of(picture, card, joined=False)
    assert sum(t.reach.area for t in tiles) <= sum(t.reach.area for t in squares)
    wanted = np.random.default_rng(data.draw(st.integers(0, 99))).random(picture.shape) < 0.02
    covered = np.zeros(picture.shape, np.bool_)
    for tile in tiles_of(picture, card, wanted=wanted, block=data.draw(st.integers(1, 64))):
        assert max(tile.reach.width, tile.reach.height) <= size
        rows, columns = tile.core.slices(picture)
        covered[rows, columns] = True
        assert tile.blocks
    assert covered[wanted].all()
