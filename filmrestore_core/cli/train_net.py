"""`filmrestore train segmenter|inpainter|prior|diffusion`: teaches nets from clean footage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from filmrestore_core.cli.exit_code import ExitCode

Config = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="YAML: net, scenes, steps.", show_default=False)
]
Data = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Holds clean/video/<clip>/*.jpg, clean/stills/* and damage/<kind>/*.png.",
        show_default=False,
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        metavar="FOLDER",
        help="Where checkpoints, the log and the curve are written. A stopped run goes on from "
        "what lies there.",
        show_default=False,
    ),
]
Scenes = Annotated[
    Path | None,
    typer.Option(
        "--scenes",
        metavar="FOLDER",
        help="Where the made-up scenes are kept, 6 MB each; several runs may share them. Without "
        "it they lie in the output folder.",
    ),
]
Start = Annotated[
    Path | None,
    typer.Option("--start", metavar="FILE", help="Checkpoint whose weights are taken first."),
]
Prior = Annotated[
    Path | None,
    typer.Option(
        "--prior",
        metavar="FILE",
        help="best.safetensors of 'filmrestore train prior', for a configuration with 'diffloss'.",
    ),
]
Base = Annotated[
    Path | None,
    typer.Option(
        "--base",
        metavar="FILE",
        help="best.safetensors of 'filmrestore train inpainter': the net learns what to change in "
        "that net's fills. Without it, in the classical ones.",
    ),
]
DeviceName = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
Threads = Annotated[
    int, typer.Option("--threads", min=0, help="Of the processor; 0: as many as there are.")
]
Workers = Annotated[int, typer.Option("--workers", min=1, help="Processes that make scenes.")]


def segmenter(
    config: Config,
    data: Data,
    out: Out,
    scenes: Scenes = None,
    start: Start = None,
    device: DeviceName = "auto",
    threads: Threads = 0,
    workers: Workers = 1,
) -> int:
    """Train a net that finds damage.

    Writes best.safetensors (export it with `filmrestore export onnx`), last.safetensors (to go on
    from), log.jsonl and curve.png.
    """
    return _train("segmenter", config, data, out, scenes, start, device, threads, workers)


def inpainter(
    config: Config,
    data: Data,
    out: Out,
    scenes: Scenes = None,
    start: Start = None,
    prior: Prior = None,
    device: DeviceName = "auto",
    threads: Threads = 0,
    workers: Workers = 1,
) -> int:
    """Train a net that fills holes better than the first fill that it is given.

    Writes the same files as `train segmenter`.
    """
    given = (config, data, out, scenes, start, device, threads, workers)
    return _train("inpainter", *given, prior=prior)


def prior(
    config: Config,
    data: Data,
    out: Out,
    scenes: Scenes = None,
    start: Start = None,
    device: DeviceName = "auto",
    threads: Threads = 0,
    workers: Workers = 1,
) -> int:
    """Train a diffusion model of undamaged film; needs the extra 'diffusion' as well.

    Writes the same files as `train segmenter`, from the same scenes.
    """
    return _train("prior", config, data, out, scenes, start, device, threads, workers)


def diffusion(
    config: Config,
    data: Data,
    out: Out,
    scenes: Scenes = None,
    start: Start = None,
    base: Base = None,
    device: DeviceName = "auto",
    threads: Threads = 0,
    workers: Workers = 1,
) -> int:
    """Train a net that draws fills from noise in a few steps, biased by neighbouring frames.

    Writes the same files as `train segmenter`, from the holes of `train inpainter`.
    """
    given = (config, data, out, scenes, start, device, threads, workers)
    return _train("diffusion", *given, base=base)


def _train(
    lesson: str,
    config: Path,
    data: Path,
    out: Path,
    scenes: Path | None,
    start: Path | None,
    device: str,
    threads: int,
    workers: int,
    *,
    prior: Path | None = None,
    base: Path | None = None,
) -> int:
    from filmrestore_core.learning.training.config import read_config
    from filmrestore_core.learning.training.curve import write_curve
    from filmrestore_core.learning.training.run import Lesson, train_net
    from filmrestore_core.learning.training.trainer import Progress

    console = Console(stderr=True, highlight=False, emoji=False)

    def made(side: str, at: int, of: int) -> None:
        if at % 50 == 0 or at == of:
            console.print(f"{side} scenes: {at} of {of}", markup=False)

    def tell(now: Progress) -> None:
        left = f"{now.seconds_left / 60:.0f} min left"
        found = f", {now.quality} {now.figures[now.quality]:.3f}" if now.figures else ""
        console.print(
            f"step {now.step} of {now.of}: loss {now.loss:.4f}{found}, {left}", markup=False
        )
        write_curve(out)

    figures = train_net(
        read_config(config),
        Lesson(lesson),
        data=data,
        out=out,
        scenes=scenes or out / "scenes",
        start=start,
        prior=prior,
        base=base,
        device=device,
        threads=threads,
        workers=workers,
        made=made,
        tell=tell,
    )
    typer.echo(json.dumps(figures, indent=1))
    return ExitCode.DONE
