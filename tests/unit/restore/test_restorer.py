from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.errors import (
    LockedFrameError,
    MissingFrameError,
    Stopped,
    UnreadableFrameError,
)
from filmrestore_core.frame import Frame
from filmrestore_core.framerange import FrameRange
from filmrestore_core.matte import DamageMap, Matte
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.presets import load_preset
from filmrestore_core.restore.clip_view import ExternalMattes
from filmrestore_core.restore.reach import reach_of
from filmrestore_core.restore.restorer import Restorer
from filmrestore_core.segment.refine import refine
from filmrestore_core.settings import DetectSettings, RestoreSettings
from filmrestore_core.testing.scenes import code_frame, moving_scene, scene_clip

SCENE = moving_scene(range(1001, 1012), height=144, width=192, specks=3, seed=5)
CLIP = scene_clip(SCENE.damaged)
# Small and short: these are rendered many times over.
SMALL = scene_clip(moving_scene(range(1001, 1008), height=88, width=112, specks=2, seed=6).damaged)
CODES = 1023.0


class GivenMattes:
    """A MatteSource of arrays by frame number."""

    def __init__(self, coverage: dict[int, NDArray[np.float32]]) -> None:
        self._coverage = coverage

    def coverage(self, number: int, box: Box) -> NDArray[np.float32] | None:
        return self._coverage.get(number)


def picture(frame: Frame) -> NDArray[np.float32]:
    return np.stack([p.astype(np.float32) for p in frame.parts[0].planes.values()], -1) / CODES


def same(a: Frame, b: Frame) -> bool:
    return all(
        np.array_equal(x.planes[n], y.planes[n])
        for x, y in zip(a.parts, b.parts, strict=True)
        for n in x.planes
    )


def test_specks_are_found_and_repaired_in_the_middle_of_a_shot() -> None:
    restored = Restorer().restore(CLIP, 1006)
    holes = SCENE.holes[1006]
    truth = SCENE.clean[1006]
    before = np.abs(picture(restored.original) - truth)[holes].mean()
    after = np.abs(picture(restored.frame) - truth)[holes].mean()
    assert restored.matte is not None
    # Opaque specks of radius 2 and more are the easiest damage there is.
    assert restored.matte.coverage[holes].mean() > 0.9
    # Grain of 0.012 on both sides leaves 0.014 at the very best.
    assert after < 0.03 < before
    assert restored.report.repaired > 0
    assert not restored.is_untouched


def test_first_and_last_frames_are_repaired_too() -> None:
    restorer = Restorer()
    for number in (1001, 1011):
        restored = restorer.restore(CLIP, number)
        assert restored.matte is not None
        assert restored.matte.coverage[SCENE.holes[number]].mean() > 0.5
        assert all(1001 <= n <= 1011 for n in restored.report.window)


def test_outside_the_matte_every_sample_keeps_its_bits() -> None:
    restorer = Restorer(load_preset("heavy"))
    for number in (1001, 1005, 1011):
        restored = restorer.restore(CLIP, number)
        assert restored.matte is not None
        outside = restored.matte.coverage == 0
        before, after = restored.original.parts[0], restored.frame.parts[0]
        for name, plane in before.planes.items():
            assert np.array_equal(plane[outside], after.planes[name][outside])


def test_clean_frames_come_out_as_the_same_object() -> None:
    clean = scene_clip(moving_scene(range(1, 8), specks=0, seed=2).clean)
    restorer = Restorer()
    for number in range(1, 8):
        assert restorer.restore(clean, number).is_untouched


@pytest.mark.parametrize("preset", ["standard", "heavy"])
def test_a_frame_is_the_same_alone_in_a_range_and_in_any_order(preset: str) -> None:
    settings = load_preset(preset)
    whole = Restorer(settings)
    in_order = {n: whole.restore(SMALL, n).frame for n in SMALL.numbers}
    reverse = Restorer(settings)
    for number in reversed(SMALL.numbers):
        assert same(reverse.restore(SMALL, number).frame, in_order[number])
    for number in (1001, 1004):
        alone = Restorer(settings, cache_bytes=0).restore(SMALL, number).frame
        assert same(alone, in_order[number])
    with ThreadPoolExecutor(4) as pool:
        shared = Restorer(settings)
        for number, frame in zip(
            SMALL.numbers,
            pool.map(lambda n: shared.restore(SMALL, n).frame, SMALL.numbers),
            strict=True,
        ):
            assert same(frame, in_order[number])
    assert not all(same(in_order[n], SMALL.read(n)) for n in SMALL.numbers)


@pytest.mark.parametrize("preset", ["standard", "heavy", "scratches"])
def test_a_chunk_with_its_handles_gives_the_same_frames(preset: str) -> None:
    settings = load_preset(preset)
    long = moving_scene(range(1, 26), height=72, width=96, specks=2, seed=9)
    clip = scene_clip(long.damaged)
    whole = Restorer(settings)
    for number in (12, 13):
        need = Restorer(settings).frames_needed(number)
        assert need == FrameRange.span(number - reach_of(settings), number + reach_of(settings))
        chunk = MemoryClip([clip.read(n) for n in need.intersect(clip.numbers)])
        part = Restorer(settings).restore(chunk, number)
        assert same(part.frame, whole.restore(clip, number).frame)


def test_strength_zero_and_method_none_change_nothing() -> None:
    for changes in ({"repair.strength": 0.0}, {"repair.method": "none"}):
        restored = Restorer(load_preset(changes=changes)).restore(CLIP, 1006)
        assert restored.is_untouched
        assert restored.report.covered > 0


def test_strength_one_half_goes_half_the_way() -> None:
    full = Restorer().restore(CLIP, 1006)
    half = Restorer(load_preset(changes={"repair.strength": 0.5})).restore(CLIP, 1006)
    assert full.matte is not None
    core = full.matte.coverage == 1
    between = (picture(full.original)[core] + picture(full.frame)[core]) / 2
    # One code for rounding each of the three pictures.
    assert np.abs(picture(half.frame)[core] - between).max() <= 1.6 / CODES


def test_a_given_matte_replaces_or_joins_what_is_found() -> None:
    own = np.zeros((144, 192), np.float32)
    own[10:14, 20:30] = 1.0
    given = ExternalMattes(matte=GivenMattes({1006: own}))
    found = Restorer().detect(CLIP, 1006)
    replaced = Restorer(external=given).detect(CLIP, 1006)
    assert np.array_equal(replaced.coverage > 0, own > 0)
    joined = Restorer(load_preset(changes={"matte.join": "add"}), external=given)
    both = joined.detect(CLIP, 1006)
    assert np.array_equal(both.coverage, np.maximum(found.coverage, own))
    restored = Restorer(external=given).restore(CLIP, 1006)
    changed = picture(restored.frame) != picture(restored.original)
    assert changed.any()
    assert not changed[own == 0].any()


def test_what_is_held_out_is_never_touched() -> None:
    hold = np.zeros((144, 192), np.float32)
    hold[:, :80] = 1.0
    held = Restorer(external=ExternalMattes(hold_out=GivenMattes({1006: hold})))
    matte = held.detect(CLIP, 1006)
    free = Restorer().detect(CLIP, 1006)
    assert not matte.coverage[:, :80].any()
    assert np.array_equal(matte.coverage[:, 80:], free.coverage[:, 80:])
    assert sum(d.area for d in matte.defects) <= sum(d.area for d in free.defects)


class Holey:
    """A clip in which some frames are missing, unreadable or locked."""

    def __init__(self, missing: set[int], broken: set[int], locked: set[int]) -> None:
        self._missing, self._broken, self._locked = missing, broken, locked

    name = "holey"
    rate = None

    @property
    def numbers(self) -> FrameRange:
        return CLIP.numbers.without(FrameRange(self._missing))

    def read(self, number: int) -> Frame:
        if number in self._missing:
            raise MissingFrameError(f"Frame {number} is not there.", frame=number)
        if number in self._broken:
            raise UnreadableFrameError(f"Frame {number} is cut short.", frame=number)
        if number in self._locked:
            return Frame(number, (), locked="a deep EXR")
        return CLIP.read(number)


def test_bad_neighbors_are_left_out_and_said() -> None:
    clip = Holey({1004}, {1005}, {1008})
    restored = Restorer().restore(clip, 1006)
    assert restored.report.window == (1006, 1007)
    assert any("1004, 1005, 1008" in note for note in restored.report.notes)
    outside = restored.matte.coverage == 0 if restored.matte is not None else slice(None)
    assert np.array_equal(picture(restored.frame)[outside], picture(restored.original)[outside])


def test_a_bad_frame_itself_is_an_error_with_its_number() -> None:
    clip = Holey({1004}, {1005}, {1008})
    with pytest.raises(MissingFrameError, match="1004"):
        Restorer().restore(clip, 1004)
    with pytest.raises(UnreadableFrameError, match="1005"):
        Restorer().restore(clip, 1005)
    passed = Restorer().restore(clip, 1008)
    assert passed.is_untouched
    assert any("deep EXR" in note for note in passed.report.notes)
    with pytest.raises(LockedFrameError, match="1008"):
        Restorer().detect(clip, 1008)


def test_a_black_frame_in_a_colour_shot_does_no_harm() -> None:
    scene = moving_scene(range(1, 8), height=64, width=80, channels=3, specks=1, seed=3)
    pictures = dict(scene.damaged)
    pictures[4] = np.zeros_like(pictures[4])
    clip = scene_clip(pictures)
    restorer = Restorer()
    for number in clip.numbers:
        restored = restorer.restore(clip, number)
        assert restored.frame.parts[0].planes.keys() == {"R", "G", "B"}
    assert restorer.restore(clip, 4).is_untouched


def test_a_frame_of_another_size_stands_alone() -> None:
    frames = [CLIP.read(n) for n in range(1001, 1008)]
    frames[3] = code_frame(1004, SCENE.damaged[1004][:60, :80])
    clip = MemoryClip(frames)
    restorer = Restorer()
    assert restorer.restore(clip, 1004).report.window == (1004,)
    assert 1004 not in restorer.restore(clip, 1003).report.window


def test_stopping_raises_stopped() -> None:
    with pytest.raises(Stopped):
        Restorer().restore(CLIP, 1006, should_stop=lambda: True)


def test_the_seed_changes_grain_only_inside_the_matte() -> None:
    one = Restorer().restore(CLIP, 1006)
    two = Restorer(load_preset(changes={"seed": 1})).restore(CLIP, 1006)
    assert one.matte is not None
    differs = picture(one.frame) != picture(two.frame)
    assert differs.any()
    assert not differs[one.matte.coverage == 0].any()


def test_no_matte_is_made_twice_where_windows_fill_the_cache(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []

    def counted(found: DamageMap, settings: DetectSettings) -> Matte:
        made.append(found.number)
        return refine(found, settings)

    monkeypatch.setattr("filmrestore_core.restore.clip_view.refine", counted)
    settings = RestoreSettings.model_validate({"detect": {"detector": "classical"}})
    # A window takes 4 neighbours x 5 planes x 4 bytes a pixel: two and a half of them.
    restorer = Restorer(settings, cache_bytes=200 * 88 * 112)
    for number in SMALL.numbers:
        restorer.restore(SMALL, number)
    assert sorted(made) == list(SMALL.numbers)
