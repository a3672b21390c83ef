"""Plan -> clip, restorer and sink -> a run: what restore, detect and demo have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filmrestore_core import __version__
from filmrestore_core.cli.arguments import frames_of
from filmrestore_core.cli.pictures import PictureBook
from filmrestore_core.cli.progress import ProgressStyle
from filmrestore_core.cli.run import Ended, Run, carry_out
from filmrestore_core.clip import Clip
from filmrestore_core.errors import SettingsError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.matte_clip import FileMattes
from filmrestore_core.media.matte_writer import MatteWriter, create_matte_writer
from filmrestore_core.media.open import create_writer, open_clip
from filmrestore_core.restore.clip_view import ExternalMattes
from filmrestore_core.restore.deliver import Delivery
from filmrestore_core.restore.reach import reach_of
from filmrestore_core.restore.restorer import Restorer
from filmrestore_core.settings import RestoreSettings
from filmrestore_core.temporal.cut_lists import Shots, read_cuts
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
    stop_on_error: bool = False
    resume: bool = True
    force: bool = False
    style: ProgressStyle = ProgressStyle.PLAIN
    workers: int = 0
    memory_gb: float = 2.0
    pictures: int = 6


def deliver(plan: Plan) -> Ended:
    """Restore as planned.

    Raises:
        FilmrestoreError: something is wrong that is found before the first frame, or the output
            cannot take more.
    """
    clip = open_clip(plan.input)
    numbers = frames_of(plan.frames, clip.numbers)
    there = numbers.intersect(clip.numbers)
    restorer = restorer_of(plan, clip)
    purpose = _purpose(plan, restorer.settings)
    book = PictureBook(most=plan.pictures, encoding=plan.settings.picture.encoding)
    mattes: MatteWriter | None = None
    if plan.matte_out is not None:
        mattes = create_matte_writer(plan.matte_out, clip, numbers=there, overwrite=plan.force)
    with create_writer(
        plan.output,
        clip,
        numbers=there,
        purpose=purpose,
        reach=reach_of(plan.settings),
        depends_on=lambda n: _given(restorer, n),
        companions=None if mattes is None else lambda n: (mattes.path(n),),
        resume=plan.resume,
        overwrite=plan.force,
        keep_compression=plan.keep_compression,
    ) as writer:
        sink = Delivery(
            writer,
            mattes=mattes,
            matte_channel=plan.matte_channel,
            provenance=f"filmrestore {__version__}, settings {plan.settings.digest()}",
            written=book.offer,
        )
        run = Run(
            clip=clip,
            restorer=restorer,
            numbers=numbers,
            target=plan.output,
            report=plan.report,
            style=plan.style,
            workers=plan.workers,
            stop_on_error=plan.stop_on_error,
        )
        return carry_out(run, sink, book if plan.report is not None else None)


def restorer_of(plan: Plan, clip: Clip) -> Restorer:
    """The restorer with the plan's settings, cuts and mattes.

    Raises:
        FilmrestoreError: a given file is wrong.
    """
    external = ExternalMattes(
        None if plan.matte is None else FileMattes(open_clip(plan.matte), plan.settings.matte),
        None
        if plan.hold_out is None
        else FileMattes(open_clip(plan.hold_out), plan.settings.matte),
    )
    cache = int(plan.memory_gb * 1024**3)
    return Restorer(plan.settings, cuts=_cuts(plan, clip), external=external, cache_bytes=cache)


def _cuts(plan: Plan, clip: Clip) -> Shots | None:
    if plan.cuts is None:
        return None
    return read_cuts(plan.cuts, rate=clip.rate, first_frame=clip.numbers.first)


def _given(restorer: Restorer, number: int) -> Iterable[Path]:
    return ()


def _purpose(plan: Plan, settings: RestoreSettings) -> str:
    """All that decides a result besides the clip's own files."""
    cuts = "" if plan.cuts is None else hashlib.sha256(plan.cuts.read_bytes()).hexdigest()
    return "\n".join(
        (
            settings.digest(),
            fingerprint(),
            f"cuts {cuts}",
            f"matte {plan.matte}",
            f"hold-out {plan.hold_out}",
            f"matte channel {plan.matte_channel}",
            f"keep compression {plan.keep_compression}",
        )
    )


__all__ = ["FrameRange", "Plan", "SettingsError", "deliver", "restorer_of"]
