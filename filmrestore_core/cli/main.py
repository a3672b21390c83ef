"""The command line: commands, logging, and exit codes.

Exit codes: 0 done; 1 failed; 2 wrong arguments; 3 some frames failed (they are listed);
130 or 143 stopped by SIGINT or SIGTERM.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from filmrestore_core import __version__
from filmrestore_core.cli import (
    adapt,
    calibrate,
    demo,
    detect,
    evaluate,
    info,
    models,
    restore,
    synth,
    train,
    train_compare,
    train_compare_fills,
    train_lines,
    train_marks,
    train_net,
    train_steadiness,
    verify,
)
from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.cli.further import add_further_commands
from filmrestore_core.errors import EncodingError, FilmrestoreError, SettingsError
from filmrestore_core.runtime.heap import keep_heap

logger = logging.getLogger("filmrestore_core")


app = typer.Typer(
    name="filmrestore",
    help="Finds dirt, dust, hairs and scratches on scanned film and repairs only that.\n\n"
    "Start with 'filmrestore demo', or 'filmrestore restore INPUT OUTPUT'.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _leaving(command: Callable[..., int | None]) -> Callable[..., None]:
    """The command, leaving with the exit code that it returns."""

    @functools.wraps(command)
    def leave(*args: Any, **options: Any) -> None:
        raise typer.Exit(command(*args, **options) or ExitCode.DONE)

    return leave


app.command("restore")(_leaving(restore.restore))
app.command("detect")(_leaving(detect.detect))
app.command("info")(_leaving(info.info))
app.command("verify")(_leaving(verify.verify))
app.command("demo")(_leaving(demo.demo))
app.command("synth")(_leaving(synth.synth))
app.command("evaluate")(_leaving(evaluate.evaluate))
app.command("adapt")(_leaving(adapt.adapt))

training = typer.Typer(
    name="train", help="Fit what the package ships fitted; needs the extra 'train'."
)
training.command("judge")(_leaving(train.judge))
training.command("segmenter")(_leaving(train_net.segmenter))
training.command("inpainter")(_leaving(train_net.inpainter))
training.command("prior")(_leaving(train_net.prior))
training.command("diffusion")(_leaving(train_net.diffusion))
training.command("calibrate")(_leaving(calibrate.calibrate))
training.command("lines")(_leaving(train_lines.lines))
training.command("marks")(_leaving(train_marks.marks))
training.command("compare")(_leaving(train_compare.compare))
training.command("compare-fills")(_leaving(train_compare_fills.compare_fills))
training.command("compare-steadiness")(_leaving(train_steadiness.compare_steadiness))
app.add_typer(training)

shelf = typer.Typer(name="models", help="The nets on the shelf, and where they can run.")
shelf.command("list")(_leaving(models.list_models))
shelf.command("show")(_leaving(models.show))
shelf.command("add")(_leaving(models.add))
shelf.command("verify")(_leaving(models.verify))
shelf.command("devices")(_leaving(models.devices))
app.add_typer(shelf)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"filmrestore {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
    verbose: Annotated[
        int,
        typer.Option("--verbose", "-v", count=True, help="Log more; twice for every stage."),
    ] = 0,
) -> None:
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")


@functools.cache
def _with_further_commands() -> typer.Typer:
    add_further_commands(app)
    return app


def main() -> None:
    """Run the command line and leave with its exit code."""
    keep_heap()  # the process is ours, which `run` may not take for granted
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line; gives the exit code. No exception but SystemExit's kin leaves it."""
    for stream in (sys.stdout, sys.stderr):
        # A name with bytes that are no text must not turn a message into a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        _with_further_commands()(arguments, prog_name="filmrestore")
        return ExitCode.DONE
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else ExitCode.FAILED
    except (SettingsError, EncodingError) as error:
        _say(str(error))
        return ExitCode.WRONG_ARGUMENTS
    except FilmrestoreError as error:
        _say(str(error))
        return ExitCode.FAILED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more can be said, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except OSError as error:
        _say(f"{error.filename or 'The system'}: {error.strerror or error}.")
        return ExitCode.FAILED
    except MemoryError:
        _say("There is not enough memory for frames of this size.", "try --workers 1")
        return ExitCode.FAILED
    except Exception as error:  # the last door: users get a sentence
        logger.debug("unexpected error", exc_info=True)
        kind = type(error).__name__
        _say(f"Something went wrong that should not ({kind}: {error}).", "run again with -vv")
        return ExitCode.FAILED


def _say(message: str, hint: str = "") -> None:
    typer.echo(f"filmrestore: {message}{f' ({hint})' if hint else ''}", err=True)
