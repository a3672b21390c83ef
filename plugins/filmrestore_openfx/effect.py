"""The node's logic: what it answers to each of the host's actions."""

from __future__ import annotations

import logging
import math
import time as clock
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core import Box, FilmrestoreError, Restored, Stopped
from filmrestore_openfx.controls import PRESETS, controls
from filmrestore_openfx.engine import Done, Engine
from filmrestore_openfx.errors import HostGone
from filmrestore_openfx.footage import Gathered
from filmrestore_openfx.gather import (
    EMPTY_MASK,
    MASK,
    MATTE,
    SOURCE,
    center_picture,
    frames_needed,
    gather,
)
from filmrestore_openfx.host_types import (
    CHANNELS,
    DEFAULT,
    DTYPES,
    FAILED,
    OK,
    Action,
    NodeHost,
    Notes,
    OutputFacts,
)
from filmrestore_openfx.images import box_in, coverage_of, fill_canvas
from filmrestore_openfx.node_values import (
    NodeValues,
    host_value,
    node_values,
    preset_controls,
    preset_values,
)
from filmrestore_openfx.pictures import Picture
from filmrestore_openfx.views import view_planes, with_matte_alpha

logger = logging.getLogger(__name__)

RENDER = "OfxImageEffectActionRender"
IS_IDENTITY = "OfxImageEffectActionIsIdentity"
FRAMES_NEEDED = "OfxImageEffectActionGetFramesNeeded"
BEGIN_SEQUENCE = "OfxImageEffectActionBeginSequenceRender"
INSTANCE_CHANGED = "OfxActionInstanceChanged"
PURGE = "OfxActionPurgeCaches"

PREVIEW = "Preview at {0:g} of full size: marks are looked for in a small picture; judge at full."
LOADING = "filmrestore loads its nets: the first picture takes a little longer."
DRAFT = "Draft quality: a full render looks closer and may give another picture."
NO_NETS = "The nets that come with filmrestore are not there: the classical detector is used."


@dataclass(frozen=True, slots=True)
class Effect:
    """The node. One for all instances; it keeps nothing of any of them.

    Attributes:
        engine: does the work.
    """

    engine: Engine

    def perform(self, host: NodeHost, action: Action) -> int:
        """Do what the host asks.

        Returns:
            The action's status. No error leaves this function, but for HostGone: others become a
            message on the node and FAILED.

        Raises:
            HostGone: the host is gone.
        """
        actions: dict[str, Callable[[NodeHost, Action], int]] = {
            RENDER: self._render,
            IS_IDENTITY: self._is_identity,
            FRAMES_NEEDED: self._frames_needed,
            BEGIN_SEQUENCE: self._begin_sequence,
            INSTANCE_CHANGED: self._changed,
            PURGE: self._purge,
        }
        perform = actions.get(action.name)
        if perform is None:
            return DEFAULT
        try:
            return perform(host, action)
        except Stopped:
            return FAILED
        except FilmrestoreError as error:
            return _failed(host, action, str(error))
        except MemoryError:
            return _failed(host, action, "There is too little memory for this picture.")
        except HostGone:
            raise
        except Exception as error:  # whatever happens here must not end the worker
            logger.exception("%s at %g failed", action.name, action.time)
            words = (str(error).strip().splitlines() or [""])[0][:200]
            return _failed(
                host,
                action,
                f"filmrestore met a fault of its own ({type(error).__name__}: {words}).",
            )

    def _render(self, host: NodeHost, action: Action) -> int:
        began = clock.monotonic()
        read = host.params(action.time)
        values = node_values(read, draft=action.draft)
        output = host.output()
        if values.is_source:
            return self._pass_source(host, action, output)
        notes = Notes()
        center = center_picture(host, action, self.engine.pictures)
        scale = _scale(center)
        if scale != 1.0:
            values = node_values(read, scale=scale, draft=action.draft)
            notes.say(PREVIEW.format(round(scale, 4)))
        if values.is_draft:
            notes.say(DRAFT)
        gathered = gather(host, action, values, center, self.engine.pictures, notes)
        if gathered.mask is not None and _is_empty(gathered, values):
            notes.warn(EMPTY_MASK)
        waits = values.needs_nets and not self.engine.has_loaded
        if waits:
            host.message("message", LOADING)
        try:
            done = self.engine.restore(gathered, values, aborted=host.aborted)
        finally:
            if waits:
                host.clear_message()
        self._deliver(host, output, gathered, values, done.restored)
        _say(host, done, values, notes)
        _log(action, done, notes, clock.monotonic() - began)
        return OK

    def _pass_source(self, host: NodeHost, action: Action, output: OutputFacts) -> int:
        if host.copy(SOURCE, action.time):
            return OK
        center = center_picture(host, action, self.engine.pictures)
        _write(host, output, center.planes, center.facts.bounds, center.facts.bounds)
        return OK

    def _deliver(
        self,
        host: NodeHost,
        output: OutputFacts,
        gathered: Gathered,
        values: NodeValues,
        restored: Restored,
    ) -> None:
        source, result = restored.original.parts[0], restored.frame.parts[0]
        coverage = _coverage(restored, source.data_window)
        planes = view_planes(
            values.view,
            source.planes,
            result.planes,
            coverage,
            gain=values.gain,
            split=values.split,
        )
        if values.alpha == "Matte":
            planes = with_matte_alpha(planes, coverage)
        center = gathered.source[gathered.number]
        if center is None:  # gather() never leaves it out
            raise AssertionError("the frame itself was not gathered")
        _write(host, output, planes, center.facts.bounds, gathered.display)

    def _is_identity(self, host: NodeHost, action: Action) -> int:
        values = node_values(host.params(action.time), draft=action.draft)
        if not values.is_source:
            return DEFAULT
        host.answer("s", "OfxPropName", 0, SOURCE)
        host.answer("d", "OfxPropTime", 0, action.time)
        return OK

    def _frames_needed(self, host: NodeHost, action: Action) -> int:
        values = node_values(host.params(action.time), draft=action.draft)
        states = {SOURCE: host.clip(SOURCE)}
        for name, used in ((MASK, values.uses_mask), (MATTE, values.uses_matte)):
            state = host.clip(name)
            if used and state.connected:
                states[name] = state
        for name, span in frames_needed(action, values, states).items():
            for index, time in enumerate(span):
                host.answer("d", f"OfxImageClipPropFrameRange_{name}", index, time)
        return OK

    def _begin_sequence(self, host: NodeHost, action: Action) -> int:
        values = node_values(host.params(action.time), draft=action.draft)
        if not values.is_source:
            self.engine.warm(values)
        return OK

    def _changed(self, host: NodeHost, action: Action) -> int:
        """A preset shows itself on the controls; a control that is moved makes it Custom."""
        if not action.by_user:
            return DEFAULT
        preset = next(c for c in controls() if c.name == "preset")
        chosen = host_value(preset, host.params(action.time).get("preset"))
        if action.changed == "preset":
            for name, value in preset_values(chosen).items():
                host.set_param(name, value)
            return OK
        if action.changed in preset_controls() and PRESETS[chosen]:
            host.set_param("preset", PRESETS.index(""))
            return OK
        return DEFAULT

    def _purge(self, host: NodeHost, action: Action) -> int:
        self.engine.purge()
        return OK


def _write(
    host: NodeHost,
    output: OutputFacts,
    planes: Mapping[str, NDArray[Any]],
    bounds: tuple[int, int, int, int],
    display: tuple[int, int, int, int],
) -> None:
    target = box_in(display, output.target)
    shape = (*target.shape, len(CHANNELS[output.components]))
    canvas = host.canvas(shape, DTYPES[output.depth])
    fill_canvas(canvas, planes, box_in(display, bounds), target, output.components)
    host.write(canvas, output.target)


def _scale(center: Picture) -> float:
    across, down = center.facts.scale
    scale = math.sqrt(across * down) if across > 0 and down > 0 else 1.0
    return scale if math.isfinite(scale) else 1.0


def _coverage(restored: Restored, box: Box) -> NDArray[np.float32]:
    if restored.matte is None:
        return np.zeros(box.shape, np.float32)
    return restored.matte.coverage


def _is_empty(gathered: Gathered, values: NodeValues) -> bool:
    """True where the mask lets nothing be restored on this frame."""
    if gathered.mask is None or values.mask_is_black:
        return False
    picture = gathered.mask.get(gathered.number)
    return picture is None or not coverage_of(picture).any()


def _failed(host: NodeHost, action: Action, text: str) -> int:
    logger.error("%s at %g: %s", action.name, action.time, text)
    if action.name == RENDER:
        host.message("error", text)
    return FAILED


def _say(host: NodeHost, done: Done, values: NodeValues, notes: Notes) -> None:
    """Show what the user should know; without it the host clears what stood there."""
    detector = done.identity.get("detect detector")
    if values.settings.detect.detector == "auto" and detector == "classical":
        notes.warn(NO_NETS)
    if notes.warnings:
        host.message("warning", " ".join([*notes.warnings, *notes.messages]))
    elif notes.messages:
        host.message("message", " ".join(notes.messages))


def _log(action: Action, done: Done, notes: Notes, seconds: float) -> None:
    report = done.restored.report
    logger.info(
        "render %g of node %d in %s: %d marks, %d px repaired, frames %s, %.2f s",
        action.time,
        action.instance,
        action.host or "an unnamed host",
        len(report.defects),
        report.repaired,
        ",".join(map(str, report.window)),
        seconds,
    )
    for text in (*notes.warnings, *notes.messages, *report.notes):
        logger.info("  %s", text)
