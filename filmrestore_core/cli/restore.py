"""`filmrestore restore`: the main job."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from filmrestore_core.cli import arguments
from filmrestore_core.cli.outputs import Plan, deliver
from filmrestore_core.cli.progress import ProgressStyle
from filmrestore_core.media.movie_codec import CODECS


class OnError(StrEnum):
    """What happens after a frame that fails."""

    CONTINUE = "continue"
    STOP = "stop"


ReportFile = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE.json",
        help="Write what was found and done to FILE.json, and a page to look at beside it.",
    ),
]
Style = Annotated[
    ProgressStyle,
    typer.Option("--progress", rich_help_panel="Run", help="plain for people, json for machines."),
]
OnErrorOption = Annotated[
    OnError,
    typer.Option(
        "--on-error",
        rich_help_panel="Run",
        help="After a frame that fails: continue with the others, or stop.",
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume/--no-resume",
        rich_help_panel="Run",
        help="Leave frames alone that an earlier run finished with the same settings and sources.",
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        rich_help_panel="Run",
        help="Replace files in OUTPUT that filmrestore did not write.",
    ),
]
MatteOut = Annotated[
    str | None,
    typer.Option(
        "--matte-out",
        metavar="FILES",
        help="Also write the mattes: a pattern such as mattes/reel.####.png (.exr, .tif).",
    ),
]


def restore(
    input: arguments.Input,
    output: Annotated[
        str,
        typer.Argument(
            metavar="OUTPUT",
            help="Where it goes: a folder (files keep their names), a pattern such as "
            "out/reel.####.dpx, or a movie. Never the input itself.",
            show_default=False,
        ),
    ],
    frames: arguments.Frames = None,
    preset: arguments.Preset = "standard",
    sensitivity: arguments.Sensitivity = None,
    classes: arguments.Classes = None,
    changes: arguments.Set = None,
    diffusion_model: arguments.DiffusionModel = None,
    encoding: arguments.EncodingName = "auto",
    matte_out: MatteOut = None,
    matte_channel: Annotated[
        bool,
        typer.Option(
            "--matte-channel", help="EXR: add the matte to each frame as channel damage.A."
        ),
    ] = False,
    matte: arguments.MatteIn = None,
    hold_out: arguments.HoldOut = None,
    cuts: arguments.Cuts = None,
    report: ReportFile = None,
    keep_compression: Annotated[
        bool,
        typer.Option(
            "--keep-compression",
            help="EXR with lossy compression: keep it, so that whole blocks around a repair are "
            "compressed anew. Without this such a part is stored lossless.",
        ),
    ] = False,
    codec: Annotated[
        str,
        typer.Option(
            "--codec",
            metavar="NAME",
            help=f"Of a movie OUTPUT: {', '.join(CODECS)}; auto is ffv1 in .mkv, which keeps every "
            "sample, and prores in .mov.",
        ),
    ] = "auto",
    device: arguments.DeviceName = "auto",
    models: arguments.ModelsFolder = None,
    on_error: OnErrorOption = OnError.CONTINUE,
    resume: Resume = True,
    force: Force = False,
    progress: Style = ProgressStyle.PLAIN,
    workers: arguments.Workers = 0,
    memory: arguments.Memory = 2.0,
) -> int:
    """Find damage in INPUT and write the restored film to OUTPUT.

    Every sample outside the damage keeps its bits, in the file's own format; an untouched frame is
    a copy of its file. Frames keep their numbers. Run the same command again to go on after a stop.

    Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 some frames failed (listed), 130/143 stopped.
    """
    settings = arguments.settings_of(
        preset,
        sensitivity=sensitivity,
        classes=classes,
        encoding=encoding,
        changes=changes,
        diffusion_model=diffusion_model,
    )
    return deliver(
        Plan(
            input=input,
            output=output,
            settings=settings,
            frames=frames,
            matte_out=matte_out,
            matte_channel=matte_channel,
            matte=matte,
            hold_out=hold_out,
            cuts=cuts,
            report=report,
            keep_compression=keep_compression,
            codec=codec,
            stop_on_error=on_error is OnError.STOP,
            resume=resume,
            force=force,
            style=progress,
            workers=workers,
            device=arguments.device_of(device),
            models=models,
            memory_gb=memory,
        )
    ).code
