"""`filmrestore detect`: find damage, write mattes, touch nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from filmrestore_core.cli import arguments
from filmrestore_core.cli.outputs import Plan, deliver_mattes
from filmrestore_core.cli.progress import ProgressStyle
from filmrestore_core.cli.restore import Force, OnError, OnErrorOption, ReportFile, Resume, Style


def detect(
    input: arguments.Input,
    matte_out: Annotated[
        str,
        typer.Argument(
            metavar="MATTE_OUT",
            help="Where the mattes go: a folder, or a pattern such as mattes/reel.####.png "
            "(.exr, .tif).",
            show_default=False,
        ),
    ],
    frames: arguments.Frames = None,
    preset: arguments.Preset = "detect-only",
    sensitivity: arguments.Sensitivity = None,
    classes: arguments.Classes = None,
    changes: arguments.Set = None,
    encoding: arguments.EncodingName = "auto",
    matte: arguments.MatteIn = None,
    hold_out: arguments.HoldOut = None,
    cuts: arguments.Cuts = None,
    report: ReportFile = None,
    device: arguments.DeviceName = "auto",
    models: arguments.ModelsFolder = None,
    on_error: OnErrorOption = OnError.CONTINUE,
    resume: Resume = True,
    force: Force = False,
    progress: Style = ProgressStyle.PLAIN,
    workers: arguments.Workers = 0,
    memory: arguments.Memory = 2.0,
) -> int:
    """Find damage in INPUT and write mattes: white is damage, one file a frame.

    The mattes can be painted over and given back to 'filmrestore restore' with --matte.
    """
    changes = [*(changes or []), "repair.method=none"]
    settings = arguments.settings_of(
        preset, sensitivity=sensitivity, classes=classes, encoding=encoding, changes=changes
    )
    return deliver_mattes(
        Plan(
            input=input,
            output=matte_out,
            settings=settings,
            frames=frames,
            matte=matte,
            hold_out=hold_out,
            cuts=cuts,
            report=report,
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
