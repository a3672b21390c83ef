"""`filmrestore train calibrate`: the scores at which a detector's sensitivity of 0.5 stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.train_net import Data, Workers


def calibrate(
    checkpoint: Annotated[
        Path,
        typer.Argument(metavar="CHECKPOINT", help="A training's .safetensors.", show_default=False),
    ],
    config: Annotated[
        Path,
        typer.Option("--config", metavar="YAML", help="Of the training.", show_default=False),
    ],
    data: Data,
    scenes: Annotated[
        Path,
        typer.Option(
            "--scenes",
            metavar="FOLDER",
            help="Where the scenes to calibrate with are kept: of the clips that the training "
            "saw, but others.",
            show_default=False,
        ),
    ],
    count: Annotated[int, typer.Option("--count", min=1, help="How many scenes.")] = 240,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of these scenes.")] = 7,
    most_false: Annotated[
        float,
        typer.Option("--most-false", min=0.0, help="Wrong pixels in a million that are allowed."),
    ] = 20.0,
    workers: Workers = 1,
) -> int:
    """Choose the pivots of a detector's card and print them as YAML for `export onnx --card`."""
    from filmrestore_core.learning.samples.store import ScenePlan
    from filmrestore_core.learning.training.calibrate_run import calibrate_checkpoint
    from filmrestore_core.learning.training.config import read_config

    plan = ScenePlan(data, read_config(config).scenes.apart, False, seed, count)
    found = calibrate_checkpoint(checkpoint, plan, scenes, most_false=most_false, workers=workers)
    for row in found.rows:
        typer.echo(json.dumps(row), err=True)
    typer.echo("calibration:")
    for name, pivot in found.pivots.items():
        typer.echo(f"  {name}: {pivot}")
    return ExitCode.DONE
