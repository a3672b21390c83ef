"""ClipFilm: a clip as an adaptation looks at it."""

from __future__ import annotations

import re
from pathlib import Path

from filmrestore_core.clip import Clip
from filmrestore_core.color.encoding import EncodingKind
from filmrestore_core.media.cache import FrameCache
from filmrestore_core.restore.clip_view import ClipView, ExternalMattes
from filmrestore_core.settings import RestoreSettings
from filmrestore_core.synth.density import Tone
from filmrestore_core.temporal.shots import Shots
from filmrestore_core.temporal.window import TemporalWindow, window_numbers

# Plates of a few windows that overlap.
_CACHE_BYTES = 1024**3


class ClipFilm:
    """Raw windows of a clip, inside their shots; frames that cannot be used are left out."""

    def __init__(self, clip: Clip, settings: RestoreSettings, *, cuts: Shots | None = None) -> None:
        self._radius = settings.detect.radius
        self._view = ClipView(
            clip,
            settings,
            segmenter=None,
            cuts=cuts,
            external=ExternalMattes(),
            cache=FrameCache(_CACHE_BYTES),
        )

    def window(self, number: int) -> TemporalWindow:
        """The frame with its neighbours inside its shot, not aligned yet.

        Raises:
            MediaError: the frame cannot be used.
        """
        center = self._view.own_plate(number)
        numbers = window_numbers(number, self._radius, *self._view.shot(number))
        plates = [self._view.plate(n) for n in numbers if n != number]
        alike = [
            p
            for p in plates
            if p is not None and p.pixels.shape == center.pixels.shape and p.box == center.box
        ]
        self._view.forget_windows(number - 2 * self._radius)
        return TemporalWindow(center, tuple(alike))

    def tone(self, number: int) -> Tone:
        """What the frame's code values mean."""
        kind = self._view.encoding(number)[0].kind
        # Scene-linear pictures are worked on through a curve that is much like a log.
        return Tone.DISPLAY if kind is EncodingKind.DISPLAY else Tone.LOG


def film_id(base: str, clip: str) -> str:
    """An id for weights adapted to a clip: letters, digits and single hyphens."""
    # Number patterns and the suffix say nothing of the film.
    stem = re.sub(r"([#@]+|%0?\d*d|\$F\d*|\[[\d,x-]*\])", "", Path(clip).name)
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", stem.rstrip("."))
    words = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") or "film"
    return f"{base}-{words}"[:80].strip("-")
