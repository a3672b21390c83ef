"""Plan -> clip, restorer and sink -> a run: what restore, detect and demo have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from filmrestore_core import __version__
from filmrestore_core.cli.arguments import frames_of
from filmrestore_core.cli.pictures import PictureBook
from filmrestore_core.cli.progress import ProgressStyle
from filmrestore_core.cli.run import Ended, Run, carry_out
from filmrestore_core.clip import Clip
from filmrestore_core.color.rgb_image import rgb_frame
from filmrestore_core.frame import Frame
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.matte_clip import FileMattes, display_windows_of
from filmrestore_core.media.matte_writer import MatteWriter
from filmrestore_core.media.open import (
    create_matte_writer,
    create_writer,
    open_clip,
    source_files,
)
from filmrestore_core.models.store import ModelStore, default_user_folder
from filmrestore_core.restore.clip_view import ExternalMattes
from filmrestore_core.restore.deliver import Delivery, MatteDelivery
from filmrestore_core.restore.reach import reach_of
from filmrestore_core.restore.restorer import Restorer
from filmrestore_core.restore.sequence import FrameDone
from filmrestore_core.runtime.device import Device
from filmrestore_core.settings import MatteSettings, RestoreSettings
from filmrestore_core.temporal.cut_lists import read_cuts
from filmrestore_core.temporal.shots import Shots
from filmrestore_core.versions import fingerprint


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a user asked for; see the options of `filmrestore restore`."""

    input: str
    output: str
    settings: RestoreSettings
    frames: str | None = None
    matte_out: str | None = None
    matte_channel: bool = False
    matte: str | None = None
    hold_out: str | None = None
    cuts: Path | None = None
    report: Path | None = None
    keep_compression: bool = False
    codec: str = "auto"
    stop_on_error: bool = False
    resume: bool = True
    force: bool = False
    style: ProgressStyle = ProgressStyle.PLAIN
    workers: int = 0
    memory_gb: float = 2.0
    device: Device = Device.AUTO
    models: Path | None = None
    pictures: int = 6


def deliver(
    plan: Plan,
    *,
    clip: Clip | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[FrameDone], None] = lambda done: None,
) -> Ended:
    """Restore as planned.

    Args:
        plan: what to do.
        clip: the plan's input where it is open already.
        should_stop: asked often; True ends the run as a signal does, with exit code 130.
        progress: called once a frame, in order.

    Raises:
        FilmrestoreError: something is wrong that is found before the first frame, or the output
            cannot take more.
    """
    clip = clip or open_clip(plan.input)
    numbers = frames_of(plan.frames, clip.numbers)
    there = numbers.intersect(clip.numbers)
    given = given_mattes(plan, clip)
    restorer = restorer_of(plan, clip, given)
    book = PictureBook(
        most=plan.pictures if plan.report else 0, encoding=plan.settings.picture.encoding
    )
    with ExitStack() as stack:
        mattes: MatteWriter | None = None
        writer = stack.enter_context(
            create_writer(
                plan.output,
                clip,
                numbers=there,
                purpose=_purpose(plan, restorer),
                reach=reach_of(plan.settings),
                depends_on=given.files,
                also_done=lambda n: mattes is None or mattes.path(n).exists(),
                resume=plan.resume,
                overwrite=plan.force,
                keep_compression=plan.keep_compression,
                codec=plan.codec,
                as_image=_image_of(plan.output),
            )
        )
        if plan.matte_out is not None:
            mattes = stack.enter_context(
                create_matte_writer(
                    plan.matte_out,
                    clip,
                    numbers=there,
                    resume=False,
                    overwrite=plan.force,
                    apart_from=writer,
                )
            )
        sink = Delivery(
            writer,
            mattes=mattes,
            matte_channel=plan.matte_channel,
            provenance=f"filmrestore {__version__}, settings {plan.settings.digest()}",
            written=book.offer,
        )
        run = _run(plan, clip, restorer, numbers)
        run = replace(run, should_stop=should_stop, progress=progress)
        return carry_out(run, sink, book)


def deliver_mattes(plan: Plan) -> Ended:
    """Find damage and write mattes only; `plan.output` names them.

    Raises:
        FilmrestoreError: as `deliver`.
    """
    clip = open_clip(plan.input)
    numbers = frames_of(plan.frames, clip.numbers)
    given = given_mattes(plan, clip)
    restorer = restorer_of(plan, clip, given)
    book = PictureBook(
        most=plan.pictures if plan.report else 0, encoding=plan.settings.picture.encoding
    )
    with create_matte_writer(
        plan.output,
        clip,
        numbers=numbers.intersect(clip.numbers),
        purpose=_purpose(plan, restorer),
        reach=reach_of(plan.settings),
        depends_on=given.files,
        resume=plan.resume,
        overwrite=plan.force,
    ) as writer:
        sink = MatteDelivery(writer, written=book.offer)
        return carry_out(_run(plan, clip, restorer, numbers), sink, book)


@dataclass(frozen=True, slots=True)
class GivenMattes:
    """The mattes that the user named, opened."""

    matte: FileMattes | None = None
    hold_out: FileMattes | None = None

    def files(self, number: int) -> Iterable[Path]:
        """The matte files that the result for a frame depends on."""
        for mattes in (self.matte, self.hold_out):
            if mattes is not None and number in mattes.clip.numbers:
                yield from source_files(mattes.clip, number)


def given_mattes(plan: Plan, clip: Clip) -> GivenMattes:
    """Open the plan's mattes.

    Raises:
        FilmrestoreError: one cannot be opened.
    """
    windows = display_windows_of(clip)
    # Polarity, channel and threshold are of the damage matte; a hold-out is plain.
    plain = MatteSettings(channel=plan.settings.matte.channel)
    return GivenMattes(
        None
        if plan.matte is None
        else FileMattes(open_clip(plan.matte), plan.settings.matte, display_windows=windows),
        None
        if plan.hold_out is None
        else FileMattes(open_clip(plan.hold_out), plain, display_windows=windows),
    )


def restorer_of(plan: Plan, clip: Clip, given: GivenMattes) -> Restorer:
    """The restorer with the plan's settings, cuts and mattes.

    Raises:
        FilmrestoreError: the list of cuts is wrong.
    """
    cuts: Shots | None = None
    if plan.cuts is not None:
        cuts = read_cuts(plan.cuts, rate=clip.rate, first_frame=clip.numbers.first)
    return Restorer(
        plan.settings,
        cuts=cuts,
        external=ExternalMattes(given.matte, given.hold_out),
        cache_bytes=int(plan.memory_gb * 1024**3),
        models=ModelStore(plan.models or default_user_folder()),
        device=plan.device,
    )


def _image_of(output: str) -> Callable[[Frame], Frame]:
    """How a movie's frame becomes an image file: EXR holds what lies beyond white as well."""
    samples = "float32" if output.lower().endswith(".exr") else "uint16"
    return partial(rgb_frame, samples=samples)


def _run(plan: Plan, clip: Clip, restorer: Restorer, numbers: FrameRange) -> Run:
    return Run(
        clip=clip,
        restorer=restorer,
        numbers=numbers,
        target=plan.output,
        report=plan.report,
        style=plan.style,
        workers=plan.workers,
        stop_on_error=plan.stop_on_error,
    )


def _purpose(plan: Plan, restorer: Restorer) -> str:
    """All that decides a result besides the clip's own files and the given mattes'."""
    cuts = "" if plan.cuts is None else hashlib.sha256(plan.cuts.read_bytes()).hexdigest()
    return "\n".join(
        (
            plan.settings.digest(),
            fingerprint(),
            *(f"{name} {value}" for name, value in sorted(restorer.identity.items())),
            f"cuts {cuts}",
            f"matte {plan.matte}",
            f"hold-out {plan.hold_out}",
            f"matte channel {plan.matte_channel}",
            f"keep compression {plan.keep_compression}",
        )
    )
