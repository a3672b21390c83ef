"""Fetching from the host all that one render looks at, and saying the truth about time."""

from __future__ import annotations

import math
from collections.abc import Mapping

from filmrestore_core import reach_of
from filmrestore_openfx.errors import HostError
from filmrestore_openfx.footage import Gathered
from filmrestore_openfx.host_types import Action, ClipState, Missing, NodeHost, Notes
from filmrestore_openfx.images import union_bounds
from filmrestore_openfx.node_values import NodeValues
from filmrestore_openfx.pictures import Picture, PictureStore

SOURCE, MASK, MATTE = "Source", "Mask", "DamageMatte"

NO_TIME = (
    "This host shows the node no other frames than its own; one frame alone hardly tells damage "
    "from picture, so little or nothing is found: 'filmrestore restore' on the files sees them all."
)
SAME_TIME = (
    "This host gave the same picture for every frame that was asked for: only this frame is used."
)
EMPTY_MASK = (
    "The mask is empty on this frame, so nothing is restored; switch off 'Use mask' if no mask is "
    "connected."
)

# Host times are doubles; a clip's end must not be lost to their rounding.
_EDGE = 1e-6


def offsets(values: NodeValues, action: Action, span: tuple[float, float] | None) -> list[int]:
    """The k of all wanted times t + k, ascending, 0 included: within reach and within the clip."""
    reach = reach_of(values.settings) if action.temporal else 0
    return [k for k in range(-reach, reach + 1) if k == 0 or _inside(action.time + k, span)]


def matte_offsets(values: NodeValues, wanted: list[int]) -> list[int]:
    """The k whose mask and damage matte are looked at: those of frames that may lend pixels."""
    radius = values.settings.detect.radius
    return [k for k in wanted if abs(k) <= radius]


def gather(
    host: NodeHost,
    action: Action,
    values: NodeValues,
    center: Picture,
    store: PictureStore,
    notes: Notes,
) -> Gathered:
    """Fetch the neighbours, and what the other inputs have.

    Args:
        host: asked on this thread, with no lock held.
        action: the render.
        values: what the node is to do.
        center: Source's picture at the action's time.
        store: pictures that are here already are not sent again.
        notes: where the user is told.

    Raises:
        HostGone, Stopped: the host is gone, or gave the action up.
    """
    state = host.clip(SOURCE)
    number = math.floor(action.time)
    wanted = offsets(values, action, state.span)
    reach = reach_of(values.settings)
    # What is not there is part of what was seen: a clip may be made longer later.
    nothing: dict[int, Picture | None] = dict.fromkeys(range(number - reach, number + reach + 1))
    source = {**nothing, number: center}
    for k in wanted:
        if k != 0:
            source[number + k] = fetch(host, SOURCE, action.time + k, store, notes)
    if not action.temporal:
        notes.warn(NO_TIME)
    others = [picture for n, picture in source.items() if n != number and picture is not None]
    if len(others) > 1 and all(p.facts.key == center.facts.key for p in others):
        notes.warn(SAME_TIME)
        source = {**nothing, number: center}
        wanted = [0]
    near = matte_offsets(values, wanted)
    mask = matte = None
    if values.uses_mask and host.clip(MASK).connected:
        mask = _fetch_all(host, MASK, action, near, store, notes)
    if values.uses_matte and host.clip(MATTE).connected:
        matte = _fetch_all(host, MATTE, action, near, store, notes)
    display = union_bounds(p.facts.bounds for p in source.values() if p is not None)
    return Gathered(number, source, mask, matte, display, state.color_space)


def fetch(
    host: NodeHost, clip: str, time: float, store: PictureStore, notes: Notes
) -> Picture | None:
    """A picture of an input, or None where the host has none that can be used."""
    facts = host.image(clip, time)
    if isinstance(facts, Missing):
        if facts.reason == "unusable":
            notes.warn(f"{clip} at {time:g} cannot be used: {facts.text}.")
        return None
    found = store.find(facts.key)
    if found is None:
        found = Picture.copied(facts, host.pixels(facts))
        store.keep(found)
    return found if found.facts == facts else Picture(facts, found.planes)


def center_picture(host: NodeHost, action: Action, store: PictureStore) -> Picture:
    """Source's picture at the action's time.

    Raises:
        HostError: the host gives none.
        HostGone: the host is gone.
    """
    said = Notes()
    center = fetch(host, SOURCE, action.time, store, said)
    if center is None:
        why = said.warnings[0] if said.warnings else f"Source has no picture at {action.time:g}."
        raise HostError(why)
    return center


def frames_needed(
    action: Action, values: NodeValues, states: Mapping[str, ClipState]
) -> dict[str, tuple[float, float]]:
    """Clip -> (first, last) time that a render looks at."""
    time = action.time
    if values.is_source:
        return dict.fromkeys(states, (time, time))
    wanted = offsets(values, action, states[SOURCE].span)
    near = matte_offsets(values, wanted)
    ranges = {SOURCE: wanted, MASK: near, MATTE: near}
    return {name: (time + ranges[name][0], time + ranges[name][-1]) for name in states}


def _fetch_all(
    host: NodeHost,
    clip: str,
    action: Action,
    near: list[int],
    store: PictureStore,
    notes: Notes,
) -> dict[int, Picture | None]:
    number = math.floor(action.time)
    return {number + k: fetch(host, clip, action.time + k, store, notes) for k in near}


def _inside(time: float, span: tuple[float, float] | None) -> bool:
    return span is None or span[0] - _EDGE <= time <= span[1] + _EDGE
