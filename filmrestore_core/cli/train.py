"""`filmrestore train`: fits what the package ships fitted, from data given as arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from filmrestore_core.cli.exit_code import ExitCode

JudgesOut = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        metavar="FOLDER",
        help="Where the judges and their card are written. A stopped run goes on from what lies "
        "there.",
        show_default=False,
    ),
]


def judge(
    clips: Annotated[
        Path,
        typer.Argument(
            metavar="CLIPS",
            help="Clean footage: a folder for each clip, with consecutive JPEG or PNG frames.",
            show_default=False,
        ),
    ],
    out: JudgesOut,
    shapes: Annotated[
        Path | None,
        typer.Option(
            "--shapes",
            metavar="FOLDER",
            help="Pictures of real dirt and hairs, a folder for each kind. Without it shapes are "
            "drawn by rule.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of everything random.")] = 1,
    frames_per_clip: Annotated[
        int, typer.Option("--frames-per-clip", min=1, help="How many frames of a clip are used.")
    ] = 3,
    workers: Annotated[
        int, typer.Option("--workers", min=1, help="Processes; they change nothing but the time.")
    ] = 1,
) -> int:
    """Fit the trees that tell damage from picture, for frames with neighbours on both sides or one.

    Writes judge_both_sides.json, judge_one_side.json and judge_card.json. Part of the clips is
    kept apart to test on.
    """
    from filmrestore_core.learning.judge.train import TrainingPlan, train_judge

    console = Console(stderr=True, highlight=False, emoji=False)

    def say(name: str, at: int, of: int) -> None:
        console.print(f"{at} of {of}: {name}", markup=False)

    plan = TrainingPlan(
        clips=clips,
        out=out,
        shapes=shapes,
        seed=seed,
        frames_per_clip=frames_per_clip,
        workers=workers,
    )
    results = train_judge(plan, done=say)
    typer.echo(json.dumps({name: _short(found) for name, found in results.items()}, indent=1))
    return ExitCode.DONE


def _short(found: dict[str, Any]) -> dict[str, Any]:
    """What is said of a judge: how it does at its operating point."""
    return {name: figures["at_pivot"] for name, figures in found.items()}
