"""`filmrestore train lines`: trees that tell line scratches from poles."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.train import JudgesOut
from filmrestore_core.cli.train_marks import ClipsApart, Detector
from filmrestore_core.cli.train_net import Data, Workers


def lines(
    net: Detector,
    config: ClipsApart,
    data: Data,
    out: JudgesOut,
    windows: Annotated[int, typer.Option("--windows", min=1, help="How many.")] = 1800,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of these windows.")] = 7,
    workers: Workers = 1,
) -> int:
    """Teach trees to judge lines down the picture, with and without what a net says of them.

    Writes judge_lines.json, judge_lines_net.json and judge_lines_card.json.
    """
    from filmrestore_core.learning.lines.examples import LinePlan
    from filmrestore_core.learning.lines.fit import fit_line_judges
    from filmrestore_core.learning.training.config import read_config

    console = Console(stderr=True, highlight=False, emoji=False)

    def say(at: int, of: int) -> None:
        if at % 20 == 0 or at == of:
            console.print(f"{at} of {of} windows", markup=False)

    plan = LinePlan(data, net, read_config(config).scenes.apart, windows, seed)
    results = fit_line_judges(plan, out, workers=workers, done=say)
    typer.echo(json.dumps(results, indent=1))
    return ExitCode.DONE
