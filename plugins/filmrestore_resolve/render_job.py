"""`filmrestore resolve render`: from a job document to an exit code."""

from __future__ import annotations

import faulthandler
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filmrestore_core import EncodingError, FilmrestoreError, SettingsError, UnwritableFrameError
from filmrestore_resolve.job import Job, read_job
from filmrestore_resolve.job_folder import JobFolder
from filmrestore_resolve.render import Exit, Renderer, refused

logger = logging.getLogger(__name__)

_LOGGED = ("filmrestore_resolve", "filmrestore_core")


def render_job_file(path: Path, *, lines: bool = True) -> int:
    """Render a job document; status, result and log stand beside it.

    Args:
        path: the job document.
        lines: also say events as JSON lines on standard output.

    Returns:
        The exit code, see JOB.md.

    Raises:
        UnwritableFrameError: the job's folder cannot be written.
    """
    folder = JobFolder(path.absolute().parent, lines=lines)
    with _logging_to(folder.log):
        logger.info("job %s", path)
        try:
            job = read_job(path)
        except SettingsError as error:
            return refused(folder, Exit.WRONG_JOB, str(error))
        return render_job(job, folder)


def render_job(job: Job, folder: JobFolder) -> int:
    """Render a job; gives the exit code.

    Raises:
        UnwritableFrameError: the job's folder takes no more.
    """
    count = len(job.shots)
    folder.event("start", id=job.id, shots=count)
    folder.status(
        {"state": "starting", "message": f"Looking at {count} shot{'s' * (count != 1)}."}, now=True
    )
    try:
        return Renderer(job, folder).run()[0]
    except (SettingsError, EncodingError) as error:
        return refused(folder, Exit.WRONG_JOB, str(error))
    except UnwritableFrameError as error:
        logger.error("%s", error)
        raise
    except FilmrestoreError as error:
        return refused(folder, Exit.FAILED, str(error))


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """All log lines, and where a crash happened, go to the end of a file."""
    with open(path, "a", encoding="utf-8", errors="backslashreplace") as file:
        handler = logging.StreamHandler(file)
        shape = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        shape.converter = time.gmtime
        handler.setFormatter(shape)
        loggers = [logging.getLogger(name) for name in _LOGGED]
        levels = [found.level for found in loggers]
        for found in loggers:
            found.addHandler(handler)
        loggers[0].setLevel(logging.INFO)
        loggers[0].propagate = False
        was_on = faulthandler.is_enabled()
        faulthandler.enable(file)
        try:
            yield
        except BaseException:
            logger.critical("the renderer ends by an error", exc_info=True)
            raise
        finally:
            loggers[0].propagate = True
            _fault_handler_back(was_on, sys.__stderr__)
            for found, level in zip(loggers, levels, strict=True):
                found.removeHandler(handler)
                found.setLevel(level)


def _fault_handler_back(was_on: bool, stream: IO[str] | None) -> None:
    if was_on and stream is not None:
        faulthandler.enable(stream)
    else:
        faulthandler.disable()
