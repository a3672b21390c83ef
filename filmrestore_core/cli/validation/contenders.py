"""Contenders: the product and its peers, each as a restorer of cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.cli.validation.cases import FULL
from filmrestore_core.cli.validation.entry import Entry, filtered
from filmrestore_core.cli.validation.vapoursynth_peers import vapoursynth_entries
from filmrestore_core.color.encoding import SRGB
from filmrestore_core.color.working import to_plate
from filmrestore_core.errors import UnreadableFrameError
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.media.movie_file import temporal_median
from filmrestore_core.metrics.evaluate import Contender, EvaluationCase, RestoredPicture
from filmrestore_core.metrics.peers import Inpainting, inpaint, neighbor_median, true_hole
from filmrestore_core.models.store import ModelStore
from filmrestore_core.restore.clip_view import ExternalMattes
from filmrestore_core.restore.restorer import Restorer
from filmrestore_core.runtime.device import Device
from filmrestore_core.segment.registry import choose_segmenter
from filmrestore_core.settings import Detector, RestoreSettings
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import TemporalWindow

PRODUCT = "filmrestore"
# Several stand beside each other; five windows of 1080 rows fit in.
CACHE_BYTES = 1_200_000_000


@dataclass(frozen=True, slots=True)
class Engines:
    """How restorers are built.

    Attributes:
        models: the shelf of nets.
        device: where nets run.
    """

    models: ModelStore = field(default_factory=ModelStore)
    device: Device = Device.AUTO

    def restorer(
        self,
        settings: RestoreSettings,
        external: ExternalMattes | None = None,
        *,
        cache_bytes: int = CACHE_BYTES,
    ) -> Restorer:
        """The product with these settings.

        Args:
            settings: as for `filmrestore restore`.
            external: mattes from outside.
            cache_bytes: most bytes of plates and aligned windows that it keeps.

        Raises:
            ModelError: a net that the settings name cannot be used.
            DeviceError: the device is not there.
        """
        return Restorer(
            settings,
            external=external,
            cache_bytes=cache_bytes,
            models=self.models,
            device=self.device,
        )


def with_detector(settings: RestoreSettings, **changes: object) -> RestoreSettings:
    """The settings with some of their `detect` section changed."""
    return settings.model_copy(update={"detect": settings.detect.model_copy(update=changes)})


def contenders(
    settings: RestoreSettings, engines: Engines | None = None, *, nets: Sequence[str] = ()
) -> Mapping[str, Entry]:
    """All there are, by name.

    Args:
        settings: of the product.
        engines: how the product is built.
        nets: names of models, each of which finds damage for a contender of its own.

    Raises:
        ModelError: a net cannot be used.
        DeviceError: the device is not there.
    """
    build = engines or Engines()
    classical = with_detector(settings, detector=Detector.CLASSICAL)
    told = with_detector(settings, detector=Detector.NONE)
    further = {
        f"net {name}": _finder(
            with_detector(settings, detector=Detector.NET, model=name), build, "the product with it"
        )
        for name in nets
    }
    return {
        PRODUCT: _finder(settings, build, "as shipped, finding damage by itself"),
        "filmrestore, true matte": Entry(
            Contender(product(told, build, told=True), finds=False), "its fill, told the holes"
        ),
        **further,
        "classical": _finder(classical, build, "its detector without a net"),
        **{
            method.value: Entry(
                Contender(partial(inpaint, method=method), finds=False), "OpenCV, told the holes"
            )
            for method in Inpainting
        },
        "neighbor-median": Entry(
            Contender(neighbor_median, finds=False),
            "median of motion-compensated neighbours, told the holes",
        ),
        "ffmpeg tmedian": _tmedian(),
        **vapoursynth_entries(),
    }


def _finder(settings: RestoreSettings, engines: Engines, about: str) -> Entry:
    scorer = scores_of(settings, engines)
    return Entry(Contender(product(settings, engines), scorer), about)


def product(
    settings: RestoreSettings, engines: Engines, *, told: bool = False
) -> Callable[[EvaluationCase], list[RestoredPicture]]:
    """The product itself.

    Args:
        settings: as for `filmrestore restore`.
        engines: how it is built.
        told: whether it is given the true holes as a matte from outside.
    """
    finder = None if told else engines.restorer(settings)

    def restore(case: EvaluationCase) -> list[RestoredPicture]:
        engine = finder or engines.restorer(settings, ExternalMattes(matte=_TrueMattes(case)))
        clip = clip_of(case)
        pictures = []
        for number, damaged in zip(clip.numbers, case.damaged, strict=True):
            made = engine.restore(clip, number)
            coverage = np.zeros(damaged.shape[:2], np.float32)
            if made.matte is not None:
                coverage = made.matte.coverage
            pictures.append(RestoredPicture(pixels_of(made.frame), coverage))
        # The next case is of other frames, and other contenders keep theirs.
        engine.forget()
        return pictures

    return restore


def scores_of(
    settings: RestoreSettings, engines: Engines
) -> Callable[[EvaluationCase], list[NDArray[np.float32] | None]] | None:
    """The scores of the product's detector, the highest of all classes, on every third frame.

    Args:
        settings: as for `filmrestore restore`.
        engines: how it is built.

    Returns:
        None where it has no detector.
    """
    chosen = choose_segmenter(settings.detect, models=engines.models, device=engines.device)
    if chosen is None:
        return None
    segmenter = chosen.segmenter

    def score(case: EvaluationCase) -> list[NDArray[np.float32] | None]:
        plates = [to_plate(frame_of(d, case.first + i), SRGB) for i, d in enumerate(case.damaged)]
        made: list[NDArray[np.float32] | None] = []
        for index in range(len(plates)):
            if index % 3 != 2:
                made.append(None)
                continue
            near = plates[max(0, index - segmenter.radius) : index + segmenter.radius + 1]
            window = TemporalWindow(plates[index], tuple(p for p in near if p is not plates[index]))
            scores = segmenter.segment(align(window)).scores.values()
            made.append(np.max(np.stack(list(scores)), axis=0))
        return made

    return score


def clip_of(case: EvaluationCase) -> MemoryClip:
    """The damaged frames as a clip of 16-bit frames."""
    return MemoryClip(frame_of(d, case.first + i) for i, d in enumerate(case.damaged))


def frame_of(pixels: NDArray[np.float32], number: int) -> Frame:
    """A 16-bit frame of code values 0 to 1."""
    names = ("Y",) if pixels.shape[2] == 1 else ("R", "G", "B")
    codes = np.round(pixels * FULL).astype(np.uint16)
    planes = {n: np.ascontiguousarray(codes[..., i]) for i, n in enumerate(names)}
    box = Box.of_size(pixels.shape[1], pixels.shape[0])
    formats = {n: PixelFormat("uint16", 16) for n in names}
    return Frame(number, (Part("", planes, formats, box, box),))


def pixels_of(frame: Frame) -> NDArray[np.float32]:
    """(H, W, C) float32 of a 16-bit frame."""
    stacked = np.stack(list(frame.parts[0].planes.values()), axis=-1)
    return np.asarray(stacked / np.float64(FULL), np.float32)


class _TrueMattes:
    """The truth as a matte from outside."""

    def __init__(self, case: EvaluationCase) -> None:
        self._case = case

    def coverage(self, number: int, box: Box) -> NDArray[np.float32]:
        """Coverage over the whole frame."""
        return true_hole(self._case, number - self._case.first).astype(np.float32)


def _tmedian() -> Entry:
    about = "FFmpeg's temporal median of three frames, over whole frames"
    try:
        temporal_median([np.zeros((8, 8, 1), np.uint16)], 1)
    except UnreadableFrameError as error:
        return Entry(None, error.message.rstrip("."))

    def restore(case: EvaluationCase) -> list[RestoredPicture]:
        codes = [np.round(d * FULL).astype(np.uint16) for d in case.damaged]
        made = temporal_median(codes, 1)
        return filtered(case, [(m / np.float64(FULL)).astype(np.float32) for m in made])

    return Entry(Contender(restore), about)
