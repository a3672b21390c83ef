"""`filmrestore train marks`: the trees that judge what net and classical detector find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.train import JudgesOut
from filmrestore_core.cli.train_net import Data, Workers


def marks(
    net: Annotated[
        Path,
        typer.Argument(metavar="NET", help="A detector's .onnx with its card.", show_default=False),
    ],
    config: Annotated[
        Path,
        typer.Option(
            "--config",
            metavar="YAML",
            help="Of the net's training: clips kept apart there are kept apart here.",
            show_default=False,
        ),
    ],
    data: Data,
    out: JudgesOut,
    windows: Annotated[int, typer.Option("--windows", min=1, help="How many.")] = 600,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of these windows.")] = 7,
    workers: Workers = 1,
) -> int:
    """Fit the trees that judge each mark which a net and the classical detector find together.

    Writes judge_marks_both_sides.json, judge_marks_one_side.json and judge_marks_card.json.
    """
    from filmrestore_core.learning.marks.examples import MarkPlan
    from filmrestore_core.learning.marks.fit import fit_mark_judges
    from filmrestore_core.learning.training.config import read_config

    console = Console(stderr=True, highlight=False, emoji=False)

    def say(at: int, of: int) -> None:
        if at % 20 == 0 or at == of:
            console.print(f"{at} of {of} windows", markup=False)

    plan = MarkPlan(data, net, read_config(config).scenes.apart, windows, seed)
    results = fit_mark_judges(plan, out, workers=workers, done=say)
    typer.echo(json.dumps({name: found["at_pivot"] for name, found in results.items()}, indent=1))
    return ExitCode.DONE
