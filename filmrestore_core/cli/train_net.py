"""`filmrestore train segmenter`: teaches a net from clean footage that is damaged on the fly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from filmrestore_core.cli.exit_code import ExitCode


def segmenter(
    config: Annotated[
        Path,
        typer.Argument(metavar="CONFIG", help="YAML: net, scenes, steps.", show_default=False),
    ],
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Holds clean/video/<clip>/*.jpg, clean/stills/* and damage/<kind>/*.png.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Where checkpoints, the log and the curve are written. A stopped run goes on "
            "from what lies there.",
            show_default=False,
        ),
    ],
    scenes: Annotated[
        Path | None,
        typer.Option(
            "--scenes",
            metavar="FOLDER",
            help="Where the made-up scenes are kept, 6 MB each; several runs may share them. "
            "Without it they lie in the output folder.",
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option("--start", metavar="FILE", help="Checkpoint whose weights are taken first."),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[
        int, typer.Option("--threads", min=0, help="Of the processor; 0: as many as there are.")
    ] = 0,
    workers: Annotated[
        int, typer.Option("--workers", min=1, help="Processes that make scenes.")
    ] = 1,
) -> int:
    """Train a net that finds damage.

    Writes best.safetensors (export it with `filmrestore export onnx`), last.safetensors (to go on
    from), log.jsonl and curve.png.
    """
    from filmrestore_core.learning.training.config import read_config
    from filmrestore_core.learning.training.curve import write_curve
    from filmrestore_core.learning.training.run import train_segmenter
    from filmrestore_core.learning.training.trainer import Progress

    console = Console(stderr=True, highlight=False, emoji=False)

    def made(side: str, at: int, of: int) -> None:
        if at % 50 == 0 or at == of:
            console.print(f"{side} scenes: {at} of {of}", markup=False)

    def tell(now: Progress) -> None:
        left = f"{now.seconds_left / 60:.0f} min left"
        best = f", best F1 {now.figures['best_f1']:.3f}" if now.figures else ""
        console.print(
            f"step {now.step} of {now.of}: loss {now.loss:.4f}{best}, {left}", markup=False
        )
        write_curve(out)

    figures = train_segmenter(
        read_config(config),
        data=data,
        out=out,
        scenes=scenes or out / "scenes",
        start=start,
        device=device,
        threads=threads,
        workers=workers,
        made=made,
        tell=tell,
    )
    typer.echo(json.dumps(figures, indent=1))
    return ExitCode.DONE
