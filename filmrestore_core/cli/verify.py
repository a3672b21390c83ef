"""`filmrestore verify`: proves that nothing outside the matte was changed."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from filmrestore_core.cli import arguments
from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.progress import ProgressStyle
from filmrestore_core.media.matte_clip import FileMattes, display_windows_of
from filmrestore_core.media.open import open_clip
from filmrestore_core.media.verify import VerifyResult, verify_clip


def verify(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="The film as it was.", show_default=False)
    ],
    result: Annotated[
        str, typer.Argument(metavar="RESULT", help="The film as it is.", show_default=False)
    ],
    matte: Annotated[
        str | None,
        typer.Option(
            "--matte",
            metavar="FILES",
            help="Where samples may differ (what --matte-out wrote). Without it, differing samples "
            "are counted; headers, types and missing frames still count as faults.",
        ),
    ] = None,
    frames: arguments.Frames = None,
    progress: Annotated[
        ProgressStyle, typer.Option("--progress", help="plain for people, json for machines.")
    ] = ProgressStyle.PLAIN,
) -> int:
    """Compare RESULT with SOURCE bit by bit and fail where anything outside the matte differs.

    Exit codes: 0 the promise holds, 1 it does not, 2 wrong arguments.
    """
    before, after = open_clip(source), open_clip(result)
    mattes = None
    if matte is not None:
        mattes = FileMattes(open_clip(matte), display_windows=display_windows_of(before))
    numbers = None if frames is None else arguments.frames_of(frames, before.numbers)
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    looked = identical = bad = changed = 0
    for found in verify_clip(before, after, mattes=mattes, numbers=numbers):
        looked += 1
        identical += found.identical
        bad += not found.ok
        changed += found.changed
        _say(console, progress, found)
    if progress is ProgressStyle.PLAIN:
        verdict = "The promise does NOT hold" if bad else "The promise holds"
        where = "" if matte is not None else " (no matte given: differences were only counted)"
        console.print(
            f"{verdict}: {looked} frames looked at, {identical} identical, "
            f"{changed} samples differ, {bad} frames with faults{where}.",
            markup=False,
        )
    return ExitCode.FAILED if bad else ExitCode.DONE


def _say(console: Console, style: ProgressStyle, found: VerifyResult) -> None:
    if style is ProgressStyle.JSON:
        values = {
            "frame": found.number,
            "ok": found.ok,
            "identical": found.identical,
            "changed": found.changed,
            "outside": found.outside,
            "faults": list(found.faults),
            "notes": list(found.notes),
        }
        typer.echo(json.dumps(values))
    elif style is ProgressStyle.PLAIN:
        mark = "ok    " if found.ok else "FAULT "
        console.print(mark + found.describe(), markup=False)
        for note in found.notes:
            console.print(f"         {note}", markup=False)
