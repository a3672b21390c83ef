"""ClipView: frames, plates, aligned windows and mattes of one clip, each made at most once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.clip import Clip, MatteSource
from filmrestore_core.color.channels import picture_part
from filmrestore_core.color.encoding import Encoding
from filmrestore_core.color.suggest import choose_encoding
from filmrestore_core.color.working import to_plate, with_channels
from filmrestore_core.errors import LockedFrameError, MissingFrameError, UnreadableFrameError
from filmrestore_core.frame import Frame
from filmrestore_core.matte import DamageClass, Defect, Matte
from filmrestore_core.media.cache import FrameCache
from filmrestore_core.media.image_file import probe_image
from filmrestore_core.media.sequence_clip import SequenceClip
from filmrestore_core.plate import Plate
from filmrestore_core.segment.base import Segmenter
from filmrestore_core.segment.refine import matte_from_coverage, refine
from filmrestore_core.settings import Detector, MatteJoin, RestoreSettings
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.ready import ReadyPlate, ready_plate
from filmrestore_core.temporal.shots import ShotFinder, Shots
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow, window_numbers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ExternalMattes:
    """Mattes from outside.

    Attributes:
        matte: replaces or joins what is found.
        hold_out: where it covers, nothing is touched.
    """

    matte: MatteSource | None = None
    hold_out: MatteSource | None = None


class ClipView:
    """What the restorer knows of one clip.

    Every answer depends on the clip's frames, the settings and the mattes only; the cache changes
    time, not results. Safe to call from several threads.
    """

    def __init__(
        self,
        clip: Clip,
        settings: RestoreSettings,
        *,
        segmenter: Segmenter | None,
        cuts: Shots | None,
        external: ExternalMattes,
        cache: FrameCache,
        mattes: FrameCache | None = None,
    ) -> None:
        self.clip = clip
        self._settings = settings
        self._segmenter = segmenter
        self._external = external
        self._cache = cache
        self._mattes = mattes or cache
        self._shots = ShotFinder(
            self,
            threshold=settings.cuts.threshold if settings.cuts.find else None,
            given=cuts,
            size_of=self._display_window,
        )

    def frame(self, number: int) -> Frame:
        """The stored frame.

        Raises:
            MissingFrameError, UnreadableFrameError: as `Clip.read`.
        """
        return self._once("frame", number, lambda: self.clip.read(number), lambda f: f.nbytes)

    def unread_frame(self, number: int) -> Frame:
        """The frame without its samples where it is a file whose header is sound; else whole.

        Raises:
            MissingFrameError, UnreadableFrameError: as `Clip.read`.
        """
        if not isinstance(self.clip, SequenceClip) or number not in self.clip.numbers:
            return self.frame(number)
        path = self.clip.path(number)
        header = probe_image(path)
        return Frame(number, (), source=path, locked=header.locked, notes=header.notes)

    def encoding(self, number: int) -> tuple[Encoding, str]:
        """The encoding of a frame's samples and why it was taken."""
        frame = self.frame(number)
        part = frame.parts[picture_part(frame)]
        return choose_encoding(self._settings.picture.encoding, part, frame.source)

    def plate(self, number: int) -> Plate | None:
        """The plate, or None where the clip has no frame of that number that can be used."""
        if number not in self.clip.numbers:
            return None
        try:
            return self.own_plate(number)
        except (MissingFrameError, UnreadableFrameError, LockedFrameError):
            return None

    def own_plate(self, number: int) -> Plate:
        """The plate of a frame that must be there.

        Raises:
            MissingFrameError, UnreadableFrameError: it cannot be read.
            LockedFrameError: its kind of file cannot be edited.
        """

        def make() -> Plate:
            frame = self.frame(number)
            if frame.locked is not None:
                raise LockedFrameError(
                    f"Frame {number} is {frame.locked}, which cannot be restored exactly.",
                    frame=number,
                    path=frame.source,
                )
            return to_plate(frame, self.encoding(number)[0])

        return self._once("plate", number, make, lambda p: p.pixels.nbytes + p.finite.nbytes)

    def shot(self, number: int) -> tuple[int, int]:
        """First and last number of the shot, as far as the radius looks."""
        return self._shots.shot_bounds(number, self._settings.detect.radius)

    def aligned(self, number: int) -> AlignedWindow:
        """The frame with its neighbours brought onto it.

        Raises:
            MediaError: the frame itself cannot be used.
        """

        def make() -> AlignedWindow:
            return align(self._window(number), self._ready)

        return self._once("aligned", number, make, _window_bytes)

    def matte(self, number: int) -> Matte:
        """What of a frame is to be replaced: found, given, joined and held out.

        Raises:
            MediaError: the frame or its given matte cannot be used.
        """
        key = (id(self), "matte", number)
        return self._mattes.get(key, lambda: self._make_matte(number), _matte_bytes)

    def forget_windows(self, before: int) -> None:
        """Let go of what no frame from `before` on will ask for; results never change by it."""
        for cache in (self._cache, self._mattes):
            cache.drop(lambda key: key[0] == id(self) and key[2] < before)

    def _window(self, number: int) -> TemporalWindow:
        center = self.own_plate(number)
        first, last = self.shot(number)
        numbers = window_numbers(number, self._settings.detect.radius, first, last)
        plates = [self.plate(n) for n in numbers if n != number]
        return TemporalWindow(center, tuple(_like(p, center) for p in plates if p is not None))

    def _ready(self, plate: Plate) -> ReadyPlate:
        made = self._once("ready", plate.number, lambda: ready_plate(plate), lambda r: r.most_bytes)
        # A plate is brought to its center's box and channels, which may be others next time.
        same = made.plate.box == plate.box and made.plate.pixels.shape == plate.pixels.shape
        return made if same else ready_plate(plate)

    def _display_window(self, number: int) -> Box:
        frame = self.frame(number)
        return frame.parts[picture_part(frame)].display_window

    def _make_matte(self, number: int) -> Matte:
        box = self.own_plate(number).box
        given = hold = None
        if self._external.matte is not None:
            given = self._external.matte.coverage(number, box)
        if self._external.hold_out is not None:
            hold = self._external.hold_out.coverage(number, box)
        replaces = self._external.matte is not None and (
            self._settings.matte.join is MatteJoin.REPLACE
        )
        matte = Matte.empty(number, box)
        if self._settings.detect.detector is not Detector.NONE and not replaces:
            matte = self._found(number)
        if given is not None:
            matte = matte_from_coverage(number, box, given, joined_to=matte)
        if hold is not None and not matte.is_empty:
            matte = _held_out(matte, hold)
        return matte

    def _found(self, number: int) -> Matte:
        if self._segmenter is None:
            return Matte.empty(number, self.own_plate(number).box)
        return refine(self._segmenter.segment(self.aligned(number)), self._settings.detect)

    def _once(self, kind: str, number: int, make: Callable[[], T], size: Callable[[T], int]) -> T:
        key: tuple[Hashable, ...] = (id(self), kind, number)
        return self._cache.get(key, make, size)


def _like(plate: Plate, center: Plate) -> Plate:
    """The plate on the center's box and with its channels; what it lacks is not finite."""
    plate = with_channels(plate, center.pixels.shape[2])
    if plate.box == center.box:
        return plate
    pixels = plate.pixels
    placed = np.zeros((*center.box.shape, pixels.shape[2]), np.float32)
    finite = np.zeros(center.box.shape, np.bool_)
    shared = plate.box.intersect(center.box)
    if not shared.is_empty:
        there, here = shared.slices(plate.box), shared.slices(center.box)
        placed[here] = pixels[there]
        finite[here] = plate.finite[there]
    return Plate(plate.number, placed, center.box, finite)


def _held_out(matte: Matte, hold: NDArray[np.float32]) -> Matte:
    """The matte without what is held out; pieces that vanish leave the list."""
    coverage = (matte.coverage * (1.0 - np.clip(hold, 0.0, 1.0))).astype(np.float32)
    labels = np.where(coverage > 0, matte.labels, 0).astype(np.uint8)
    kept: list[Defect] = []
    for defect in matte.defects:
        inside = defect.box.slices(matte.box)
        own = labels[inside] == DamageClass(defect.damage_class).label
        area = int(np.count_nonzero(own & (coverage[inside] >= 0.5)))
        if area:
            area = min(area, defect.area)
            kept.append(Defect(defect.damage_class, defect.box, area, defect.score))
    return Matte(matte.number, coverage, labels, matte.box, tuple(kept))


def _window_bytes(window: AlignedWindow) -> int:
    return sum(n.most_bytes for n in window.neighbors)


def _matte_bytes(matte: Matte) -> int:
    return matte.coverage.nbytes + matte.labels.nbytes
