from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core import MemoryClip, Restorer, load_preset
from filmrestore_openfx.effect import (
    BEGIN_SEQUENCE,
    FRAMES_NEEDED,
    INSTANCE_CHANGED,
    IS_IDENTITY,
    PURGE,
    RENDER,
    Effect,
)
from filmrestore_openfx.engine import Engine
from filmrestore_openfx.gather import NO_TIME, SAME_TIME
from filmrestore_openfx.host_types import DEFAULT, FAILED, OK, Action
from filmrestore_openfx.testing import HostPicture, MemoryHost

Clips = dict[float, HostPicture]
SETTINGS = load_preset(
    changes={"detect.detector": "classical", "repair.method": "classical", "detect.radius": 1}
)
MEMORY = 256 * 1024**2


@pytest.fixture(scope="module")
def effect() -> Effect:
    return Effect(Engine(MEMORY, workers=2))


def render(effect: Effect, host: MemoryHost, time: float, **changes: Any) -> int:
    host.time = time
    action = Action(RENDER, time=time, temporal=host.temporal, host="test", **changes)
    return effect.perform(host, action)


def bits(array: NDArray[Any] | None) -> bytes:
    assert array is not None
    return np.ascontiguousarray(array).tobytes()


def expected(clip: MemoryClip, number: int, settings: Any = SETTINGS) -> NDArray[Any]:
    part = Restorer(settings).restore(clip, number).frame.parts[0]
    return np.dstack(list(part.planes.values()))


@pytest.mark.parametrize("time", [1, 2, 6, 11])
def test_the_node_gives_what_a_restorer_gives(
    effect: Effect, source: Clips, memory_clip: Any, quick: dict[str, Any], time: int
) -> None:
    host = MemoryHost({"Source": source}, quick)
    assert render(effect, host, float(time)) == OK
    pictures = {int(t): p.pixels for t, p in source.items()}
    wanted = expected(memory_clip(pictures), time)
    assert bits(host.result) == bits(wanted)
    if time == 6:  # at the ends, and on some frames, nothing is sure enough
        assert bits(host.result) != bits(source[float(time)].pixels)
    assert not host.messages
    first, last = max(1, time - 3), min(11, time + 3)
    assert sorted(t for _, t in host.asked) == [float(n) for n in range(first, last + 1)]


def test_order_threads_and_other_nodes_change_nothing(source: Clips, quick: dict[str, Any]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    alone = {}
    for time in (4.0, 7.0):
        host = MemoryHost({"Source": source}, quick)
        assert render(Effect(Engine(MEMORY, workers=1)), host, time) == OK
        alone[time] = bits(host.result)
    shared = Effect(Engine(MEMORY, workers=3))
    # Another clip of the same size, settings and numbers, as on the next track.
    other = {t: replace(p, pixels=p.pixels[:, ::-1].copy()) for t, p in source.items()}

    def one(job: tuple[Clips, float]) -> tuple[Clips, float, bytes]:
        host = MemoryHost({"Source": job[0]}, quick)
        assert render(shared, host, job[1]) == OK
        return (*job, bits(host.result))

    jobs = [(other, 5.0), (source, 7.0), (source, 4.0), (other, 4.0), (source, 7.0), (source, 4.0)]
    with ThreadPoolExecutor(4) as pool:
        for clip, time, result in pool.map(one, jobs):
            if clip is source:
                assert result == alone[time]


def test_a_neighbor_that_changed_upstream_is_noticed(
    effect: Effect, source: Clips, memory_clip: Any, quick: dict[str, Any]
) -> None:
    host = MemoryHost({"Source": source}, quick)
    assert render(effect, host, 5.0) == OK
    changed = dict(source)
    painted = source[6.0].pixels.copy()
    painted[20:44, 30:60, :3] = 0.3
    changed[6.0] = replace(source[6.0], pixels=painted)
    host = MemoryHost({"Source": changed}, quick)
    assert render(effect, host, 5.0) == OK
    wanted = expected(memory_clip({int(t): p.pixels for t, p in changed.items()}), 5)
    assert bits(host.result) == bits(wanted)


def test_a_clip_that_becomes_longer_or_blind_is_another_clip(
    effect: Effect, source: Clips, memory_clip: Any, quick: dict[str, Any]
) -> None:
    effect.perform(MemoryHost({}), Action(PURGE))
    short = {t: p for t, p in source.items() if t >= 6.0}
    for clip, temporal in ((short, True), (source, True), (source, False), (source, True)):
        host = MemoryHost({"Source": clip}, quick, temporal=temporal)
        assert render(effect, host, 6.0) == OK
        seen = clip if temporal else {6.0: clip[6.0]}
        wanted = expected(memory_clip({int(t): p.pixels for t, p in seen.items()}), 6)
        assert bits(host.result) == bits(wanted)


def test_pictures_are_not_sent_twice(source: Clips, quick: dict[str, Any]) -> None:
    effect = Effect(Engine(MEMORY))
    sent = []
    for time in (5.0, 6.0, 7.0):
        host = MemoryHost({"Source": source}, quick)
        assert render(effect, host, time) == OK
        sent.append(host.sent)
    assert sent == [7, 1, 1]  # 2 to 8, then 9 alone, then 10 alone


def test_without_temporal_access_only_the_frame_itself_is_asked_for(
    effect: Effect, source: Clips, memory_clip: Any, quick: dict[str, Any]
) -> None:
    host = MemoryHost({"Source": source}, quick, temporal=False)
    assert render(effect, host, 5.0) == OK
    assert host.asked == [("Source", 5.0)]
    assert host.messages == [("warning", NO_TIME)]
    assert bits(host.result) == bits(expected(memory_clip({5: source[5.0].pixels}), 5))


def test_a_host_that_gives_one_picture_for_every_time_is_found_out(
    effect: Effect, source: Clips, memory_clip: Any, quick: dict[str, Any]
) -> None:
    host = MemoryHost({"Source": source}, quick, frozen=True)
    assert render(effect, host, 5.0) == OK
    assert host.messages == [("warning", SAME_TIME)]
    assert bits(host.result) == bits(expected(memory_clip({5: source[5.0].pixels}), 5))


def test_a_missing_neighbor_is_left_out_and_not_black(
    effect: Effect, source: Clips, memory_clip: Any, quick: dict[str, Any]
) -> None:
    gappy = {t: p for t, p in source.items() if t not in (4.0, 6.0)}
    host = MemoryHost({"Source": gappy}, quick)
    assert render(effect, host, 5.0) == OK
    wanted = expected(memory_clip({int(t): p.pixels for t, p in gappy.items()}), 5)
    assert bits(host.result) == bits(wanted)


def test_fractional_times_ask_for_whole_steps(source: Clips, quick: dict[str, Any]) -> None:
    retimed = {t + 0.25: p for t, p in source.items()}
    host = MemoryHost({"Source": retimed}, quick)
    assert render(Effect(Engine(MEMORY)), host, 6.25) == OK
    assert sorted(t for _, t in host.asked) == [n + 0.25 for n in range(3, 10)]


@pytest.mark.parametrize("window", [(0, 0, 96, 64), (10, 20, 50, 41), (95, 63, 96, 64)])
def test_a_render_window_is_a_part_of_the_whole(
    effect: Effect, source: Clips, quick: dict[str, Any], window: tuple[int, int, int, int]
) -> None:
    whole = MemoryHost({"Source": source}, quick)
    part = MemoryHost({"Source": source}, quick, window=window)
    assert render(effect, whole, 6.0) == OK
    assert render(effect, part, 6.0) == OK
    x1, y1, x2, y2 = window
    assert whole.result is not None
    assert bits(part.result) == bits(whole.result[64 - y2 : 64 - y1, x1:x2])


def test_a_window_beyond_the_picture_is_black_there(
    effect: Effect, source: Clips, quick: dict[str, Any]
) -> None:
    host = MemoryHost({"Source": source}, quick, window=(-3, -2, 99, 66))
    assert render(effect, host, 6.0) == OK
    assert host.result is not None
    assert not host.result[:2].any()
    assert not host.result[:, :3].any()
    inner = MemoryHost({"Source": source}, quick)
    assert render(effect, inner, 6.0) == OK
    assert bits(host.result[2:66, 3:99]) == bits(inner.result)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16, np.float16, np.float32])
@pytest.mark.parametrize(
    ("components", "premult"),
    [(4, "premultiplied"), (4, "unpremultiplied"), (3, "opaque"), (1, "opaque")],
)
def test_outside_the_matte_every_bit_stays(
    effect: Effect, damaged: Any, quick: dict[str, Any], depth: Any, components: int, premult: str
) -> None:
    draw = np.random.default_rng(1)
    alpha = draw.uniform(0.2, 1.0, next(iter(damaged.values())).shape[:2]).astype(np.float32)
    clip: Clips = {}
    for number, picture in damaged.items():
        colors = picture * alpha[..., None] if premult == "premultiplied" else picture
        stack = np.dstack([colors, alpha])[..., :4] if components == 4 else colors[..., :components]
        top = 1.0 if np.dtype(depth).kind == "f" else float(np.iinfo(depth).max)
        rounded = stack * top if top == 1.0 else np.rint(stack * top)
        clip[float(number)] = HostPicture(rounded.astype(depth), (0, 0), premult)
    host = MemoryHost({"Source": clip}, {**quick, "inputEncoding": 6})
    assert render(effect, host, 6.0) == OK
    matte = MemoryHost({"Source": clip}, {**quick, "inputEncoding": 6, "view": 1})
    assert render(effect, matte, 6.0) == OK
    assert host.result is not None
    assert matte.result is not None
    outside = matte.result[..., 0] == 0
    before = clip[6.0].pixels
    assert bits(host.result[outside]) == bits(before[outside])
    assert not np.array_equal(host.result, before), "nothing was restored"
    if components == 4:
        assert bits(host.result[..., 3]) == bits(before[..., 3])


def test_nan_and_negative_samples_keep_their_bits(
    effect: Effect, source: Clips, quick: dict[str, Any]
) -> None:
    wild = {t: replace(p, pixels=p.pixels.copy()) for t, p in source.items()}
    for picture in wild.values():
        picture.pixels[0, 0, 0] = np.float32(np.nan)
        picture.pixels[0, 1, 1] = -3.5
        picture.pixels[0, 2, 2] = np.inf
    host = MemoryHost({"Source": wild}, quick)
    assert render(effect, host, 6.0) == OK
    assert host.result is not None
    assert bits(host.result[0, :3]) == bits(wild[6.0].pixels[0, :3])


def test_strength_zero_is_the_source_and_says_so(
    effect: Effect, source: Clips, quick: dict[str, Any]
) -> None:
    host = MemoryHost({"Source": source}, {**quick, "strength": 0.0}, time=6.0)
    action = Action(IS_IDENTITY, time=6.0, temporal=True)
    assert effect.perform(host, action) == OK
    assert host.answers == {("OfxPropName", 0): "Source", ("OfxPropTime", 0): 6.0}
    assert render(effect, host, 6.0) == OK
    assert bits(host.result) == bits(source[6.0].pixels)
    asked = MemoryHost({"Source": source}, quick, time=6.0)
    assert effect.perform(asked, action) == DEFAULT
    needed = MemoryHost({"Source": source}, {**quick, "strength": 0.0}, time=6.0)
    assert effect.perform(needed, Action(FRAMES_NEEDED, time=6.0, temporal=True)) == OK
    assert list(needed.answers.values()) == [6.0, 6.0]


@pytest.mark.parametrize(
    ("time", "values", "temporal", "wanted"),
    [
        (6.0, {}, True, (1.0, 11.0)),
        (6.0, {"temporalRadius": 1}, True, (3.0, 9.0)),
        (2.0, {}, True, (1.0, 7.0)),
        (6.0, {"view": 5}, True, (6.0, 6.0)),
        (6.0, {"repairMethod": 4}, True, (3.0, 9.0)),
        (6.0, {"findCuts": 0}, True, (2.0, 10.0)),
        (6.0, {}, False, (6.0, 6.0)),
    ],
)
def test_frames_needed_follow_the_controls(
    effect: Effect,
    source: Clips,
    time: float,
    values: dict[str, Any],
    temporal: bool,
    wanted: tuple[float, float],
) -> None:
    host = MemoryHost({"Source": source}, values, time=time)
    action = Action(FRAMES_NEEDED, time=time, temporal=temporal)
    assert effect.perform(host, action) == OK
    name = "OfxImageClipPropFrameRange_Source"
    assert (host.answers[name, 0], host.answers[name, 1]) == wanted


def test_a_mask_limits_what_is_restored(
    effect: Effect, source: Clips, quick: dict[str, Any]
) -> None:
    whole = MemoryHost({"Source": source}, quick)
    assert render(effect, whole, 6.0) == OK
    left = np.zeros((64, 96, 1), np.float32)
    left[:, :48] = 1.0
    masks = {t: HostPicture(left) for t in source}

    def masked(**values: Any) -> MemoryHost:
        host = MemoryHost({"Source": source, "Mask": masks}, {**quick, **values})
        assert render(effect, host, 6.0) == OK
        return host

    before = source[6.0].pixels
    assert whole.result is not None
    changed = (whole.result != before).any(axis=2)
    assert changed[:, :48].any()
    assert changed[:, 48:].any()
    white, black, off = masked(), masked(maskSide=1), masked(useMask=0)
    assert white.result is not None
    assert black.result is not None
    assert bits(white.result[:, 48:]) == bits(before[:, 48:])
    assert (white.result[:, :48] != before[:, :48]).any()
    assert bits(black.result[:, :48]) == bits(before[:, :48])
    assert (black.result[:, 48:] != before[:, 48:]).any()
    assert bits(off.result) == bits(whole.result)


def test_an_empty_mask_restores_nothing_and_says_so(
    effect: Effect, source: Clips, quick: dict[str, Any]
) -> None:
    none = {t: HostPicture(np.zeros((64, 96, 1), np.float32)) for t in source}
    host = MemoryHost({"Source": source, "Mask": none}, quick)
    assert render(effect, host, 6.0) == OK
    assert bits(host.result) == bits(source[6.0].pixels)
    assert [kind for kind, _ in host.messages] == ["warning"]
    assert "Use mask" in host.messages[0][1]


def test_a_damage_matte_replaces_what_is_found(
    effect: Effect, source: Clips, quick: dict[str, Any]
) -> None:
    spot = np.zeros((64, 96, 1), np.uint8)
    spot[30:34, 40:45] = 255
    mattes = {t: HostPicture(spot if t == 6.0 else np.zeros_like(spot)) for t in source}
    before = source[6.0].pixels
    host = MemoryHost({"Source": source, "DamageMatte": mattes}, quick)
    assert render(effect, host, 6.0) == OK
    assert host.result is not None
    changed = (host.result != before).any(axis=2)
    assert changed[30:34, 40:45].all()
    assert changed.sum() == 20
    inverted = {t: HostPicture(255 - p.pixels) for t, p in mattes.items()}
    black = MemoryHost({"Source": source, "DamageMatte": inverted}, {**quick, "damageMatteSide": 1})
    assert render(effect, black, 6.0) == OK
    assert bits(black.result) == bits(host.result)
    joined = MemoryHost({"Source": source, "DamageMatte": mattes}, {**quick, "damageMatteJoin": 1})
    assert render(effect, joined, 6.0) == OK
    assert joined.result is not None
    assert (joined.result != before).any(axis=2).sum() > 20


def test_bounds_off_the_origin_give_the_same_picture(
    effect: Effect, source: Clips, quick: dict[str, Any]
) -> None:
    moved = {t: replace(p, corner=(-17, 40)) for t, p in source.items()}
    plain, shifted = (MemoryHost({"Source": c}, quick) for c in (source, moved))
    assert render(effect, plain, 6.0) == OK
    assert render(effect, shifted, 6.0) == OK
    assert bits(shifted.result) == bits(plain.result)


def test_a_proxy_is_called_a_preview(effect: Effect, source: Clips, quick: dict[str, Any]) -> None:
    small = {t: replace(p, scale=0.5) for t, p in source.items()}
    host = MemoryHost({"Source": small}, quick)
    assert render(effect, host, 6.0, scale=(0.5, 0.5)) == OK
    assert [kind for kind, _ in host.messages] == ["message"]
    assert "Preview" in host.messages[0][1]


def test_an_abort_leaves_nothing_behind_and_no_message(
    source: Clips, quick: dict[str, Any]
) -> None:
    for questions in (2, 5, 12, 18):
        host = MemoryHost({"Source": source}, quick, abort_after=questions)
        assert render(Effect(Engine(MEMORY)), host, 6.0) == FAILED
        assert host.result is None
        assert not host.messages


def test_faults_become_words_on_the_node(
    effect: Effect, source: Clips, quick: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = MemoryHost({"Source": source}, {"modelFile": "/no/such/model.onnx"})
    assert render(effect, missing, 6.0) == FAILED
    assert missing.messages[-1][0] == "error"
    assert "/no/such/model.onnx cannot be read" in missing.messages[-1][1]
    nothing = MemoryHost({"Source": {}}, quick)
    assert render(effect, nothing, 6.0) == FAILED
    assert nothing.messages == [("error", "Source has no picture at 6.")]

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(Engine, "restore", broken)
    own = MemoryHost({"Source": source}, quick)
    assert render(effect, own, 6.0) == FAILED
    assert "ZeroDivisionError: oh" in own.messages[0][1]


def test_a_preset_sets_its_controls_and_a_moved_control_makes_it_custom(effect: Effect) -> None:
    def changed(name: str, values: dict[str, Any], *, by_user: bool = True) -> dict[str, Any]:
        host = MemoryHost({}, values)
        effect.perform(host, Action(INSTANCE_CHANGED, changed=name, by_user=by_user))
        return host.set_values

    heavy = changed("preset", {"preset": 3})
    assert heavy["sensitivity"] == load_preset("heavy").detect.sensitivity
    assert heavy["leaveStains"] is False
    assert changed("preset", {"preset": 0}) == {}
    assert changed("preset", {"preset": 3}, by_user=False) == {}
    assert changed("sensitivity", {"preset": 3}) == {"preset": 0}
    assert changed("sensitivity", {"preset": 0}) == {}
    assert changed("view", {"preset": 3}) == {}


def test_other_actions_are_answered(effect: Effect, quick: dict[str, Any]) -> None:
    host = MemoryHost({}, quick)
    assert effect.perform(host, Action(BEGIN_SEQUENCE)) == OK
    assert effect.perform(host, Action(PURGE)) == OK
    assert effect.perform(host, Action("OfxActionNobodyKnows")) == DEFAULT


def test_what_is_kept_is_bounded(source: Clips, quick: dict[str, Any]) -> None:
    room = 5 * source[1.0].pixels.nbytes
    engine = Engine(room * 5 // 2)
    effect = Effect(engine)
    for time in (3.0, 9.0, 5.0):
        host = MemoryHost({"Source": source}, quick)
        assert render(effect, host, time) == OK
        assert 0 < engine.pictures.nbytes <= room
    effect.perform(MemoryHost({}), Action(PURGE))
    assert engine.pictures.nbytes == 0


def test_what_was_kept_for_settings_left_behind_is_freed(
    source: Clips, quick: dict[str, Any]
) -> None:
    engine = Engine(MEMORY, workers=1)
    seen = []
    for step in range(6):
        host = MemoryHost({"Source": source}, {**quick, "sensitivity": 0.4 + step * 0.01})
        assert render(Effect(engine), host, 6.0) == OK
        seen.append(weakref.ref(engine._sessions[-1].footage))
    alive = [ref() is not None for ref in seen]
    assert alive[-3:] == [True] * 3
    assert sum(alive) <= 4  # one more may be on its way out


@pytest.mark.parametrize("view", range(6))
def test_views_are_made_of_one_result(
    effect: Effect, source: Clips, quick: dict[str, Any], view: int
) -> None:
    host = MemoryHost({"Source": source}, {**quick, "view": view})
    assert render(effect, host, 6.0) == OK
    assert host.result is not None
    assert host.copied is (view == 5)
    assert bits(host.result[..., 3]) == bits(source[6.0].pixels[..., 3])


def test_the_matte_can_stand_in_alpha(
    effect: Effect, source: Clips, quick: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    seen = MemoryHost({"Source": source}, {**quick, "view": 1})
    alpha = MemoryHost({"Source": source}, {**quick, "alpha": 1})
    assert render(effect, seen, 6.0) == OK
    assert render(effect, alpha, 6.0) == OK
    assert seen.result is not None
    assert alpha.result is not None
    assert bits(alpha.result[..., 3]) == bits(seen.result[..., 0])
