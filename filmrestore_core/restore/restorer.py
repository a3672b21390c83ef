"""Restorer: the one object that every door asks."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from filmrestore_core.box import Box
from filmrestore_core.clip import Clip
from filmrestore_core.errors import Stopped
from filmrestore_core.frame import Frame
from filmrestore_core.framerange import FrameRange
from filmrestore_core.grain.estimate import estimate_grain
from filmrestore_core.grain.regrain import regrain
from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.inpaint.chain import fill_frame
from filmrestore_core.inpaint.holes import count_holes
from filmrestore_core.inpaint.lasting import with_lasting
from filmrestore_core.inpaint.lifted import lift_lines
from filmrestore_core.inpaint.registry import choose_inpainter
from filmrestore_core.inpaint.routing import may_lift
from filmrestore_core.matte import Matte
from filmrestore_core.media.cache import FrameCache
from filmrestore_core.models.store import ModelStore
from filmrestore_core.report import DamageReport, RepairCost
from filmrestore_core.restore.clip_view import ClipView, ExternalMattes
from filmrestore_core.restore.composite import composite
from filmrestore_core.restore.reach import frames_needed
from filmrestore_core.runtime.device import Device
from filmrestore_core.segment.registry import choose_segmenter
from filmrestore_core.settings import Detector, RepairMethod, RestoreSettings
from filmrestore_core.temporal.shots import Shots

CACHE_BYTES = 2 * 1024**3
# This share of the bytes is for mattes alone: a window takes the room of twenty of them, but to
# make a matte again takes six times as long. It holds five mattes of a 4K frame.
_MATTE_SHARE = 1 / 6


@dataclass(frozen=True, slots=True, eq=False)
class Restored:
    """The answer for one frame.

    Attributes:
        frame: the restored frame; the very frame that was read where nothing was changed.
        original: the frame as read.
        matte: what was to be replaced.
        report: what was found and done.
    """

    frame: Frame
    original: Frame
    matte: Matte | None
    report: DamageReport

    @property
    def is_untouched(self) -> bool:
        """True where no sample was replaced: the file can be copied."""
        return self.frame is self.original


class Restorer:
    """Finds damage in a clip's frames and repairs only that.

    Immutable once built; may be called from several threads. The result for a frame depends on
    the settings, the given mattes and cuts, and the frames within reach, and on nothing else.
    """

    def __init__(
        self,
        settings: RestoreSettings | None = None,
        *,
        cuts: Shots | None = None,
        external: ExternalMattes | None = None,
        cache_bytes: int = CACHE_BYTES,
        models: ModelStore | None = None,
        device: Device = Device.AUTO,
    ) -> None:
        """Build a restorer.

        Args:
            settings: RestoreSettings() where None.
            cuts: a given shot list; switches the search for cuts off.
            external: mattes from outside.
            cache_bytes: most bytes that plates, aligned windows and mattes may take between calls.
            models: the shelf; the built-in one where None.
            device: where nets run.

        Raises:
            ModelError: a net that the settings name cannot be used.
            SettingsError: the diffusion pipeline that the settings name cannot be used.
            MissingExtraError: diffusion is asked for and not installed.
            DeviceError: the device is not there.
        """
        self.settings = settings or RestoreSettings()
        self._cuts = cuts
        self._external = external or ExternalMattes()
        of_mattes = int(_MATTE_SHARE * cache_bytes)
        self._cache, self._mattes = FrameCache(cache_bytes - of_mattes), FrameCache(of_mattes)
        chosen = choose_segmenter(
            self.settings.detect, models=models or ModelStore(), device=device
        )
        self._segmenter = chosen.segmenter if chosen else None
        filling = choose_inpainter(
            self.settings.repair,
            diffusion=self.settings.diffusion,
            sampler=self.settings.sampler,
            seed=self.settings.seed,
            models=models or ModelStore(),
            device=device,
        )
        self._inpainter = filling.inpainter if filling else None
        self.identity = {
            **{f"detect {k}": v for k, v in (chosen.identity if chosen else {}).items()},
            **{f"repair {k}": v for k, v in (filling.identity if filling else {}).items()},
        }
        self._views: weakref.WeakKeyDictionary[Clip, ClipView] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    @property
    def is_identity(self) -> bool:
        """True where nothing is looked for and nothing given: no frame need even be read."""
        finds = self.settings.detect.detector is not Detector.NONE
        return not finds and self._external.matte is None

    def frames_needed(self, number: int) -> FrameRange:
        """The frames that the result for `number` may depend on."""
        return frames_needed(number, self.settings)

    def forget(self) -> None:
        """Let go of all plates, windows and mattes kept between calls; no result changes by it."""
        self._cache.clear()
        self._mattes.clear()

    def detect(self, clip: Clip, number: int) -> Matte:
        """What of a frame is damaged.

        Raises:
            MediaError: the frame cannot be used.
        """
        return self._view(clip).matte(number)

    def restore(
        self, clip: Clip, number: int, *, should_stop: Callable[[], bool] = lambda: False
    ) -> Restored:
        """The restored frame.

        Args:
            clip: where the frame and its neighbours are.
            number: frame number.
            should_stop: asked between stages.

        Raises:
            MediaError: the frame cannot be used; its neighbours' faults are only noted.
            Stopped: should_stop said so.
        """
        view = self._view(clip)
        if self.is_identity:
            return _passed(view.unread_frame(number))
        original = view.frame(number)
        if original.locked is not None:
            return _passed(original)
        matte = view.matte(number)
        _check(should_stop)
        report = self._report(view, original, matte)
        method = self.settings.repair.method
        if matte.is_empty or method is RepairMethod.NONE or self.settings.repair.strength == 0.0:
            return Restored(original, original, matte, report)
        frame, fill = self._repair(view, original, matte, should_stop)
        methods = _methods(fill)
        report = replace(
            report, methods=methods, repaired=sum(methods.values()), costs=dict(fill.costs)
        )
        return Restored(frame, original, matte, report)

    def _repair(
        self, view: ClipView, original: Frame, matte: Matte, should_stop: Callable[[], bool]
    ) -> tuple[Frame, Fill]:
        number = original.number
        window = view.aligned(number)
        mattes = {number: matte}
        if self.settings.repair.method is not RepairMethod.SPATIAL:
            for neighbor in window.neighbors:
                mattes[neighbor.number] = view.matte(neighbor.number)
                _check(should_stop)
        grain = estimate_grain(window, matte)
        mattes = with_lasting(window, mattes, noise=grain.mean_strength)
        began = time.perf_counter()
        fill = fill_frame(window, mattes, self.settings.repair, grain=grain)
        fill = replace(fill, costs={"first fill": _cost(fill, time.perf_counter() - began)})
        _check(should_stop)
        if self._inpainter is not None:
            fill = self._inpainter.better(
                window,
                mattes,
                fill,
                grain=grain,
                encoding=view.encoding(number)[0],
                should_stop=should_stop,
            )
        if may_lift(self.settings.repair):
            fill = lift_lines(window.center, matte, fill, view.encoding(number)[0])
        pixels = regrain(
            fill,
            window.center,
            matte,
            grain,
            amount=self.settings.grain.amount,
            seed=self.settings.seed,
        )
        coverage = np.where(fill.filled, matte.coverage, 0.0).astype(np.float32)
        coverage *= np.float32(self.settings.repair.strength)
        encoding = view.encoding(number)[0]
        frame = composite(original, window.center, encoding, pixels, coverage)
        return frame, fill

    def _report(self, view: ClipView, original: Frame, matte: Matte) -> DamageReport:
        number = original.number
        encoding, reason = view.encoding(number)
        window: tuple[int, ...] = (number,)
        shot = None
        notes = list(original.notes)
        if self._segmenter is not None or not matte.is_empty:
            aligned = view.aligned(number)
            window, shot = aligned.window.numbers, view.shot(number)
            have = view.clip.numbers
            shot = (max(shot[0], have.first), min(shot[1], have.last))
            notes += _gap_notes(window, shot, number, self.settings.detect.radius)
        return DamageReport(
            number=number,
            width=matte.box.width,
            height=matte.box.height,
            defects=matte.defects,
            covered=int(np.count_nonzero(matte.coverage > 0)),
            window=window,
            shot=shot,
            encoding=f"{encoding.name} ({reason})",
            notes=tuple(notes),
        )

    def _view(self, clip: Clip) -> ClipView:
        with self._lock:
            view = self._views.get(clip)
            if view is None:
                view = ClipView(
                    clip,
                    self.settings,
                    segmenter=self._segmenter,
                    cuts=self._cuts,
                    external=self._external,
                    cache=self._cache,
                    mattes=self._mattes,
                )
                self._views[clip] = view
            return view


def _check(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise Stopped("Stopped as asked.")


def _cost(fill: Fill, seconds: float) -> RepairCost:
    """Of filling by neighbours and surroundings, which look at no crops of a size of their own."""
    area = int(np.count_nonzero(fill.filled))
    return RepairCost(count_holes(fill.filled), area, 0, seconds)


def _methods(fill: Fill) -> dict[str, int]:
    """Pixels that each way of filling filled, by its name."""
    if fill.methods is None:
        return {"fill": int(np.count_nonzero(fill.filled))}
    counts = np.bincount(fill.methods[fill.filled], minlength=len(FILL_METHODS))
    return {name: int(n) for name, n in zip(FILL_METHODS, counts, strict=True) if n}


def _passed(frame: Frame) -> Restored:
    """The answer for a frame that nobody looked at."""
    notes = frame.notes
    if frame.locked is not None:
        notes = (*notes, f"Frame {frame.number} is {frame.locked}: passed through unrestored.")
    box = frame.parts[0].display_window if frame.parts else Box.of_size(0, 0)
    report = DamageReport(number=frame.number, width=box.width, height=box.height, notes=notes)
    return Restored(frame, frame, None, report)


def _gap_notes(
    window: tuple[int, ...], shot: tuple[int, int], number: int, radius: int
) -> list[str]:
    """Says which wanted neighbours could not be used, though they are in the shot."""
    first, last = max(shot[0], number - radius), min(shot[1], number + radius)
    lacking = [n for n in range(first, last + 1) if n not in window]
    if not lacking:
        return []
    return [
        f"Neighbours {', '.join(map(str, lacking))} are missing or unreadable and were not used."
    ]
