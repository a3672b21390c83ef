"""Peers that run in VapourSynth, where it and their plugins are installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.cli.validation.entry import Entry, filtered
from filmrestore_core.metrics.evaluate import Contender, EvaluationCase, RestoredPicture

_FULL = 65535
# It would take half of the machine's memory.
_CACHE_MB = 400
_BLOCK, _OVERLAP = 8, 4
# The usual settings of a removal of spots: motion is compensated however bad the match.
_ANY_MATCH = 10_000

Script = Callable[[Any, Any], Any]
"""(core, clip) -> clip."""


def vapoursynth_entries() -> Mapping[str, Entry]:
    """SpotLess, DeScratch and RemoveDirt, or why they cannot run."""
    wanted: dict[str, tuple[tuple[str, ...], Script | None, str]] = {
        "SpotLess": (("mv", "zsmooth"), _spotless, "median of compensated neighbours, everywhere"),
        "DeScratch": (("descratch",), _descratch, "running scratches only"),
        "RemoveDirt": (("removedirt",), None, "repair of motion blocks"),
    }
    try:
        vs = importlib.import_module("vapoursynth")
    except ImportError:
        absent = "VapourSynth is not installed"
        return {name: Entry(None, absent) for name in wanted}
    there = {plugin.namespace for plugin in vs.core.plugins()}
    entries = {}
    for name, (plugins, script, about) in wanted.items():
        missing = [p for p in plugins if p not in there]
        if missing or script is None:
            why = f"VapourSynth has no plugin '{(missing or plugins)[0]}' installed"
            entries[name] = Entry(None, why)
        else:
            entries[name] = Entry(Contender(partial(_run, vs, script)), f"VapourSynth: {about}")
    return entries


def _spotless(core: Any, clip: Any) -> Any:
    """The frame, and its neighbours compensated onto it; the median of the three."""
    levels = core.mv.Super(clip, pel=2)
    found = {
        back: core.mv.Analyse(levels, isb=back, blksize=_BLOCK, overlap=_OVERLAP, delta=1)
        for back in (True, False)
    }
    after, before = (
        core.mv.Compensate(clip, levels, found[back], thsad=_ANY_MATCH) for back in (True, False)
    )
    woven = core.std.Interleave([before, clip, after])
    return core.std.SelectEvery(core.zsmooth.TemporalMedian(woven, radius=1), 3, 1)


def _descratch(core: Any, clip: Any) -> Any:
    """Bright and dark vertical lines of three pixels and less."""
    return core.descratch.DeScratch(clip, mindif=5, maxgap=10, minlen=60, maxangle=5, modey=3)


def _run(vs: Any, script: Script, case: EvaluationCase) -> list[RestoredPicture]:
    core = vs.core
    core.max_cache_size = _CACHE_MB
    color = case.damaged[0].shape[2] == 3
    source = _clip_of(vs, [np.round(d * _FULL).astype(np.uint16) for d in case.damaged])
    # 8 bits and three planes are what these scripts are written for.
    tags = {"matrix_s": "709"} if color else {"range_in_s": "full"}
    work = core.resize.Bicubic(source, format=vs.YUV444P8, range_s="full", **tags)
    done = script(core, work)
    # What the script left as it was keeps its sixteen bits.
    pictures = []
    for index, damaged in enumerate(case.damaged):
        was, now = (_planes(c.get_frame(index)) for c in (work, done))
        change = (now.astype(np.float32) - was.astype(np.float32)) / np.float32(255)
        change = _rgb(change) if color else change[..., :1]
        made = np.clip(damaged + change, 0, 1).astype(np.float32)
        pictures.append(np.where(np.any(now != was, axis=-1, keepdims=True), made, damaged))
    return filtered(case, pictures)


def _clip_of(vs: Any, pictures: list[NDArray[np.uint16]]) -> Any:
    height, width, channels = pictures[0].shape
    kind = vs.RGB48 if channels == 3 else vs.GRAY16
    blank = vs.core.std.BlankClip(
        width=width, height=height, format=kind, length=len(pictures), fpsnum=24, fpsden=1
    )

    def fill(n: int, f: Any) -> Any:
        frame = f.copy()
        for plane in range(channels):
            np.asarray(frame[plane])[:] = pictures[n][..., plane]
        return frame

    return vs.core.std.ModifyFrame(blank, blank, fill)


def _planes(frame: Any) -> NDArray[np.uint8]:
    """(H, W, C) uint8."""
    count = frame.format.num_planes
    return np.stack([np.asarray(frame[plane]) for plane in range(count)], axis=-1)


def _rgb(change: NDArray[np.float32]) -> NDArray[np.float32]:
    """A difference of full-range BT.709 Y'CbCr as one of R'G'B'."""
    luma, blue, red = change[..., 0], change[..., 1], change[..., 2]
    return np.stack(
        [luma + 1.5748 * red, luma - 0.1873 * blue - 0.4681 * red, luma + 1.8556 * blue], axis=-1
    ).astype(np.float32)
