"""`filmrestore train marks`: net and trees that judge what net and classical detector find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.train import JudgesOut
from filmrestore_core.cli.train_net import Data, Threads, Workers

if TYPE_CHECKING:
    from filmrestore_core.learning.training.trainer import Progress


Detector = Annotated[
    Path,
    typer.Argument(metavar="NET", help="A detector's .onnx with its card.", show_default=False),
]
ClipsApart = Annotated[
    Path,
    typer.Option(
        "--config",
        metavar="YAML",
        help="Of the net's training: clips kept apart there are kept apart here.",
        show_default=False,
    ),
]


def marks(
    net: Detector,
    looks: Annotated[
        Path,
        typer.Argument(
            metavar="LOOKS",
            help="YAML: the net that judges marks by how they look, and its steps.",
            show_default=False,
        ),
    ],
    config: ClipsApart,
    data: Data,
    out: JudgesOut,
    windows: Annotated[int, typer.Option("--windows", min=1, help="How many.")] = 600,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of these windows.")] = 7,
    workers: Workers = 1,
    threads: Threads = 0,
) -> int:
    """Teach a net and trees to judge each mark which a net and the classical detector find.

    Writes judge_marks_both_sides.json and judge_company_both_sides.json, the same two for one_side,
    judge_marks_card.json and look/best.safetensors.
    """
    from filmrestore_core.learning.marks.examples import MarkPlan
    from filmrestore_core.learning.marks.fit import fit_mark_judges
    from filmrestore_core.learning.training.config import read_config

    console = Console(stderr=True, highlight=False, emoji=False)

    def say(at: int, of: int) -> None:
        if at % 20 == 0 or at == of:
            console.print(f"{at} of {of} windows", markup=False)

    def tell(progress: Progress) -> None:
        console.print(
            f"step {progress.step} of {progress.of}: loss {progress.loss:.4f}, "
            f"{progress.seconds_left / 60:.0f} min left",
            markup=False,
        )

    plan = MarkPlan(data, net, read_config(config).scenes.apart, windows, seed)
    results = fit_mark_judges(
        plan, read_config(looks), out, workers=workers, threads=threads, done=say, tell=tell
    )
    typer.echo(
        json.dumps(
            {name: found["at_pivot"] for name, found in results.items()},
            indent=1,
        )
    )
    return ExitCode.DONE
