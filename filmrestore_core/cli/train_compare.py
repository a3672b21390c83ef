"""`filmrestore train compare`: several trainings in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.errors import MissingExtraError


def compare(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER...",
            help="Output folders of 'filmrestore train segmenter', of equal scenes.",
            show_default=False,
        ),
    ],
    threads: Annotated[
        int, typer.Option("--threads", min=1, help="Of the processor, when speed is measured.")
    ] = 1,
) -> int:
    """Say how trainings did, as one Markdown table: quality of their best weights, and speed."""
    try:
        from filmrestore_core.learning.training.compare import compare_runs, comparison_table
    except ImportError as error:
        raise MissingExtraError(
            "Comparing trainings needs torch and safetensors.",
            hint="pip install 'filmrestore[train]'",
        ) from error
    typer.echo(comparison_table(compare_runs(folders, threads=threads)))
    return ExitCode.DONE
