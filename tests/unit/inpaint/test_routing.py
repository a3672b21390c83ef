"""Which way each hole is filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.color.encoding import find_encoding
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.inpaint.routed import Routed
from filmrestore_core.inpaint.routing import (
    large_or_unseen,
    may_want_diffusion,
    needs_diffusion,
    only_neighbors,
    routes_of,
    wants_net,
)
from filmrestore_core.matte import DamageClass, Matte
from filmrestore_core.plate import Plate
from filmrestore_core.settings import RepairSettings
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow

SIDE = 60
BOX = Box.of_size(SIDE, SIDE)
LARGE = (slice(2, 27), slice(2, 27))  # 625 px of dirt, shown by neighbours
SMALL = (slice(40, 46), slice(5, 11))  # 36 px of dirt, shown
UNSEEN = (slice(40, 48), slice(30, 38))  # 64 px of scratch, three quarters not shown
TEMPORAL, SPATIAL = FILL_METHODS.index("temporal"), FILL_METHODS.index("spatial")
Mask = NDArray[np.bool_]


def _first() -> Fill:
    methods = np.zeros((SIDE, SIDE), np.uint8)
    for hole in (LARGE, SMALL, UNSEEN):
        methods[hole] = TEMPORAL
    methods[42:48, 30:38] = SPATIAL
    pixels = np.zeros((SIDE, SIDE, 3), np.float32)
    return Fill(pixels, methods > 0, np.zeros((SIDE, SIDE), np.float32), methods)


def _matte() -> Matte:
    labels = np.zeros((SIDE, SIDE), np.uint8)
    for hole, kind in ((LARGE, "dirt"), (SMALL, "dirt"), (UNSEEN, "scratch")):
        labels[hole] = DamageClass(kind).label
    return Matte(5, (labels > 0).astype(np.float32), labels, BOX)


def _settings(**values: Any) -> RepairSettings:
    return RepairSettings.model_validate(values)


def _names(mask: Mask) -> set[str]:
    """The holes that a mask holds, each whole."""
    holes = {"large": LARGE, "small": SMALL, "unseen": UNSEEN}
    found = {name for name, hole in holes.items() if mask[hole].any()}
    assert mask.sum() == sum(mask[holes[name]].size for name in found)
    return found


ALL = {"large", "small", "unseen"}


@pytest.mark.parametrize(
    ("values", "net", "diffusion"),
    [
        ({"large_from": None, "unseen_from": None}, ALL, set()),
        ({"large_from": 400, "unseen_from": None}, ALL, {"large"}),
        ({"large_from": None, "unseen_from": 0.5}, ALL, {"unseen"}),
        ({"large_from": 400, "unseen_from": 0.5}, ALL, {"large", "unseen"}),
        ({"large_from": 400, "unseen_from": 0.8}, ALL, {"large"}),
        ({"method": "net", "large_from": 400}, ALL, set()),
        ({"method": "diffusion"}, ALL, ALL),
        ({"method": "classical"}, set(), set()),
        ({"method": "classical", "scratch": "diffusion"}, {"unseen"}, {"unseen"}),
        ({"method": "net", "dirt": "classical"}, {"unseen"}, set()),
        ({"method": "diffusion", "dirt": "net"}, ALL, {"unseen"}),
        ({"large_from": 400, "dirt": "net"}, ALL, set()),
    ],
)
def test_method_size_and_class_decide(
    values: Mapping[str, Any], net: set[str], diffusion: set[str]
) -> None:
    settings = _settings(**values)
    routes = routes_of(_matte(), _first(), settings)
    assert _names(routes.net) == net
    assert _names(routes.diffusion) == diffusion
    # Nobody is loaded in vain, and nobody lacks.
    assert wants_net(settings) == bool(net)
    assert may_want_diffusion(settings) or not diffusion


def test_diffusion_is_needed_only_where_it_is_named() -> None:
    assert not needs_diffusion(_settings(large_from=400))
    assert may_want_diffusion(_settings(large_from=400))
    assert needs_diffusion(_settings(stain="diffusion"))
    assert not may_want_diffusion(_settings(method="none", stain="diffusion"))


def test_small_gaps_make_no_hole_unseen() -> None:
    filled = np.zeros((20, 20), np.bool_)
    filled[2:5, 2:7] = True  # 15 px, none shown
    none = np.zeros_like(filled)
    assert not large_or_unseen(filled, none, large_from=None, unseen_from=0.5).any()
    filled[5, 2] = True
    assert large_or_unseen(filled, none, large_from=None, unseen_from=0.5).sum() == 16


def test_a_class_may_be_left_to_neighbors_alone() -> None:
    assert not only_neighbors(_matte(), _settings()).any()
    assert _names(only_neighbors(_matte(), _settings(scratch="temporal"))) == {"unseen"}
    everything = only_neighbors(_matte(), _settings(method="temporal", dirt="net"))
    assert everything[UNSEEN].all()
    assert not everything[LARGE].any()


class _Paints:
    """Betters a fill by one value and notes what it was told."""

    def __init__(self, value: float, method: str) -> None:
        self.value, self.method = value, FILL_METHODS.index(method)
        self.told: list[Fill] = []

    def better(self, window: AlignedWindow, mattes: Any, first: Fill, **_: Any) -> Fill:
        self.told.append(first)
        pixels, methods = first.pixels.copy(), np.array(first.methods)
        pixels[first.filled], methods[first.filled] = self.value, self.method
        return Fill(pixels, first.filled, first.grain_kept, methods)


def _routed(settings: RepairSettings, net: Any, diffusion: Any, **how: bool) -> Fill:
    plate = Plate(5, np.zeros((SIDE, SIDE, 3), np.float32), BOX, np.ones((SIDE, SIDE), np.bool_))
    who = Routed(settings, net, diffusion, **how)
    never: Callable[[], bool] = lambda: False  # noqa: E731
    return who.better(
        AlignedWindow(TemporalWindow(plate, ()), ()),
        {5: _matte()},
        _first(),
        grain=GrainModel.none(3),
        encoding=find_encoding("srgb"),
        should_stop=never,
    )


def test_each_works_on_its_own_holes_and_diffusion_comes_last() -> None:
    net, diffusion = _Paints(0.25, "net"), _Paints(0.75, "diffusion")
    fill = _routed(_settings(large_from=400), net, diffusion)
    assert np.all(fill.pixels[LARGE] == 0.75)
    assert np.all(fill.pixels[SMALL] == 0.25)
    assert fill.methods is not None
    assert np.all(fill.methods[LARGE] == FILL_METHODS.index("diffusion"))
    assert np.all(fill.methods[UNSEEN] == FILL_METHODS.index("net"))
    assert np.array_equal(fill.filled, _first().filled)
    # It starts from the net's fill, and is told who filled before the net.
    assert np.all(diffusion.told[0].pixels[LARGE] == 0.25)
    assert np.all(diffusion.told[0].methods[LARGE] == TEMPORAL)  # type: ignore[index]


def test_diffusion_may_start_from_the_first_fill() -> None:
    net, diffusion = _Paints(0.25, "net"), _Paints(0.75, "diffusion")
    fill = _routed(_settings(large_from=400), net, diffusion, after_net=False)
    assert np.all(fill.pixels[LARGE] == 0.75)
    assert np.all(fill.pixels[SMALL] == 0.25)
    assert np.all(diffusion.told[0].pixels[LARGE] == _first().pixels[LARGE])
    assert not net.told[0].filled[LARGE].any()
    # Where there is no diffusion the net keeps all.
    fill = _routed(_settings(large_from=400), _Paints(0.25, "net"), None, after_net=False)
    assert np.all(fill.pixels[LARGE] == 0.25)


def test_whoever_lacks_is_left_out() -> None:
    fill = _routed(_settings(method="diffusion"), None, None)
    assert np.array_equal(fill.pixels, _first().pixels)
    fill = _routed(_settings(method="diffusion"), None, _Paints(0.75, "diffusion"))
    assert np.all(fill.pixels[fill.filled] == 0.75)
