"""Holes drawn by the diffusion net that comes with the program: frame N has one set of bits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.frame import Frame
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.models.store import ModelStore
from filmrestore_core.noise import generator
from filmrestore_core.presets import load_preset
from filmrestore_core.restore.clip_view import ExternalMattes
from filmrestore_core.restore.restorer import Restored, Restorer
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session
from filmrestore_core.settings import RestoreSettings
from filmrestore_core.testing.scenes import moving_scene, scene_clip

HEIGHT, WIDTH = 72, 112
CLIP = scene_clip(
    moving_scene(range(101, 112), height=HEIGHT, width=WIDTH, channels=3, specks=3, seed=7).damaged
)
MIDDLE = (105, 106, 107)
# A blot on two frames and a line that no neighbour shows are given; specks are found and have
# classes, which takes most of the time: only one of the ways looks for them.
WAYS: dict[str, dict[str, object]] = {
    "all holes, guided": {
        "detect.detector": "none",
        "repair.method": "diffusion",
        "sampler.steps": 3,
        "sampler.start": 0.6,
        "sampler.fidelity": 0.5,
        "sampler.color": 0.7,
        "sampler.structure": 0.7,
    },
    "large and unseen holes": {
        "detect.detector": "none",
        "repair.large_from": 300.0,
        "repair.unseen_from": 0.5,
    },
    "by class": {
        "detect.detector": "classical",
        "matte.join": "add",
        "repair.method": "net",
        "repair.dirt": "temporal",
        "repair.sparkle": "diffusion",
    },
}


class Painted:
    """A MatteSource: a line on every frame, a blot on two."""

    def coverage(self, number: int, box: Box) -> NDArray[np.float32]:
        painted = np.zeros(box.shape, np.float32)
        painted[:, 30:33] = 1.0
        if number in MIDDLE[:2]:
            painted[20:52, 60:96] = 1.0
        return painted


GIVEN = ExternalMattes(matte=Painted())


@pytest.fixture(scope="module", params=WAYS)
def settings(request: pytest.FixtureRequest) -> RestoreSettings:
    return load_preset(changes=WAYS[request.param])


@pytest.fixture(scope="module")
def in_order(settings: RestoreSettings) -> dict[int, Restored]:
    """The middle frames, as one restorer gives them one after the other."""
    restorer = Restorer(settings, external=GIVEN)
    return {n: restorer.restore(CLIP, n) for n in MIDDLE}


def bits(frame: Frame) -> list[bytes]:
    return [plane.tobytes() for part in frame.parts for plane in part.planes.values()]


def test_holes_are_drawn_and_all_else_keeps_its_bits(in_order: dict[int, Restored]) -> None:
    drawn = [restored.report.methods.get("diffusion", 0) for restored in in_order.values()]
    assert np.count_nonzero(drawn) >= 2
    for restored in in_order.values():
        assert restored.matte is not None
        outside = restored.matte.coverage == 0
        before, after = (f.parts[0].planes for f in (restored.original, restored.frame))
        assert all(np.array_equal(before[name][outside], after[name][outside]) for name in before)


def test_a_frame_alone_backwards_or_in_other_threads_has_the_same_bits(
    settings: RestoreSettings, in_order: dict[int, Restored]
) -> None:
    shared = Restorer(settings, external=GIVEN)
    with ThreadPoolExecutor(3) as pool:
        frames = pool.map(lambda n: shared.restore(CLIP, n).frame, reversed(MIDDLE))
        for number, frame in zip(reversed(MIDDLE), frames, strict=True):
            assert bits(frame) == bits(in_order[number].frame)
    alone = Restorer(settings, external=GIVEN, cache_bytes=0).restore(CLIP, MIDDLE[1])
    assert bits(alone.frame) == bits(in_order[MIDDLE[1]].frame)


def test_a_chunk_with_its_handles_has_the_same_bits(
    settings: RestoreSettings, in_order: dict[int, Restored]
) -> None:
    restorer = Restorer(settings, external=GIVEN)
    for number in MIDDLE[::2]:
        need = restorer.frames_needed(number).intersect(CLIP.numbers)
        assert len(need) < len(CLIP.numbers)
        chunk = MemoryClip([CLIP.read(n) for n in need])
        part = Restorer(settings, external=GIVEN).restore(chunk, number)
        assert bits(part.frame) == bits(in_order[number].frame)


def test_what_is_held_brings_the_fill_nearer_to_the_first_one() -> None:
    quick = {"detect.detector": "none", "cuts.find": False, "grain.amount": 0.0}
    number = MIDDLE[0]
    hole = Painted().coverage(number, Box.of_size(WIDTH, HEIGHT)) > 0

    def filled(**changes: object) -> NDArray[np.float64]:
        given = {f"sampler.{name}": value for name, value in changes.items()}
        method = "diffusion" if changes else "classical"
        settings = load_preset(changes={**quick, "repair.method": method, **given})
        planes = Restorer(settings, external=GIVEN).restore(CLIP, number).frame.parts[0].planes
        return np.stack([planes[name][hole] for name in "RGB"], -1) / 1023.0

    first = filled()

    def away(**changes: object) -> float:
        return float(np.sqrt(np.square(filled(**changes) - first).mean()))

    # Drawn four times over, so that there is something to hold.
    free = away(fidelity=0.0, steps=4)
    assert free > away(fidelity=0.5, steps=4) > away(fidelity=1.0, steps=4) > 0
    assert away(fidelity=0.0, steps=4, color=1.0) < free
    assert away(fidelity=0.0, steps=4, structure=1.0) < free


def test_fills_of_frames_side_by_side_change_little_while_the_picture_moves() -> None:
    """Damage is on all frames, so that all is drawn; a net alone would start at other noise."""
    scene = moving_scene(
        range(101, 108), height=HEIGHT, width=WIDTH, channels=3, velocity=(1.0, 0.0), specks=0
    )
    hole = Painted().coverage(MIDDLE[0], Box.of_size(WIDTH, HEIGHT)) > 0

    class Everywhere:
        def coverage(self, number: int, box: Box) -> NDArray[np.float32]:
            return hole.astype(np.float32)

    damaged = {n: np.where(hole[..., None], np.float32(0.03), p) for n, p in scene.clean.items()}
    clip, given = scene_clip(damaged), ExternalMattes(matte=Everywhere())
    quick = {"detect.detector": "none", "cuts.find": False, "grain.amount": 0.0}
    free = {"repair.method": "diffusion", "sampler.fidelity": 0.0, "sampler.steps": 4}

    def filled(number: int, seed: int) -> NDArray[np.float64]:
        settings = load_preset(changes={**quick, **free, "seed": seed})
        planes = Restorer(settings, external=given).restore(clip, number).frame.parts[0].planes
        return np.stack([planes[name][hole] for name in "RGB"], -1) / 1023.0

    one = filled(103, 0)
    carried, fresh = (float(np.square(filled(104, s) - one).mean()) for s in (0, 1))
    # Four fifths of the noise are the same where the picture moves by whole pixels.
    assert carried < fresh / 2


@pytest.mark.parametrize("sides", [(64, 64), (112, 176)])
def test_the_net_counts_alike_with_any_number_of_threads(sides: tuple[int, int]) -> None:
    model = ModelStore().open("fill-diffusion")
    channels = model.card.inputs[0].channels
    planes = generator(3, *sides).standard_normal((channels, *sides), dtype=np.float32)
    # Soft mattes and trust are shares; what lies beyond is no picture.
    planes[4:] = np.clip(np.abs(planes[4:]), 0.0, 1.0)
    one, *more = (
        Session(model.card, model.content, device=Device.CPU, threads=n).run(planes)
        for n in (1, 2, 3)
    )
    assert np.isfinite(one).all()
    assert one.std() > 0
    for other in more:
        assert np.array_equal(one, other)
