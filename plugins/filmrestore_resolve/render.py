"""The renderer: a job's shots, one after the other, each reported; never imports Resolve."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import Any

from filmrestore_core import (
    FrameDone,
    StopFlag,
    UnwritableFrameError,
    __version__,
    fingerprint,
)
from filmrestore_resolve.job import Job, Shot
from filmrestore_resolve.job_folder import JobFolder
from filmrestore_resolve.job_report import write_job_report
from filmrestore_resolve.pace import Pace
from filmrestore_resolve.render_shot import ShotPlan, render_shot
from filmrestore_resolve.shot_plans import identity_of, plan_shots, settings_of
from filmrestore_resolve.shot_result import How, ShotResult, ShotState

_RESULT_EVERY_S = 2.0

logger = logging.getLogger(__name__)


class Exit(IntEnum):
    """Exit codes; a signal's is 128 and its number."""

    DONE = 0
    FAILED = 1
    WRONG_JOB = 2
    INCOMPLETE = 3
    CANCELLED = 4


class Renderer:
    """One run over a job."""

    def __init__(self, job: Job, folder: JobFolder) -> None:
        """Read the settings and load the nets.

        Raises:
            SettingsError, EncodingError, DeviceError: the job names what does not exist.
            ModelError: a net cannot be used.
        """
        self.job = job
        self.folder = folder
        self.settings = settings_of(job)
        self._identity = identity_of(job, self.settings)
        self._results: dict[str, ShotResult] = {}
        self._pace = Pace()
        self._begun = time.monotonic()
        self._written = -_RESULT_EVERY_S

    def run(self) -> tuple[int, str]:
        """Render all shots.

        Returns:
            The exit code and the sentence that goes with it.

        Raises:
            UnwritableFrameError: the job's folder takes no more.
        """
        planned = plan_shots(self.job, self.settings, self._identity)
        groups = planned.groups
        for shot, why in planned.refused:
            self._refuse(shot, why)
        self._pace.expect(sum(len(g[0].source.numbers) for g in groups))
        for result in self._results.values():
            self._tell(result)
        full: set[int] = set()
        stopped_by = 0
        with StopFlag() as stop:
            for place, group in enumerate(groups):
                if stop() or stopped_by or self.folder.is_cancelled():
                    stopped_by = stopped_by or (stop.exit_code if stop() else 0)
                    self._keep(group, _unstarted(group[0], ShotState.CANCELLED, "Cancelled."))
                    continue
                if _disk_of(group[0].folder) in full:
                    message = "Not begun: the disk its result goes to is full."
                    self._keep(group, _unstarted(group[0], ShotState.FAILED, message))
                    continue
                rendered = self._render(group[0], place, len(groups))
                stopped_by = rendered[1]
                if rendered[2]:
                    full.add(_disk_of(group[0].folder))
                self._keep(group, rendered[0])
        return self._end(stopped_by)

    def _refuse(self, shot: Shot, message: str) -> None:
        logger.error("%s: %s", shot.title, message)
        self._results[shot.key] = ShotResult(shot, ShotState.FAILED, message=message)

    def _render(self, plan: ShotPlan, place: int, count: int) -> tuple[ShotResult, int, bool]:
        shot = plan.source.shot
        logger.info("%s: frames %s to %s", shot.title, plan.source.numbers.format(), plan.folder)
        self.folder.event("shot", key=shot.key, name=shot.name, state="started")
        about = {"key": shot.key, "name": shot.name, "index": place, "count": count}

        def progress(step: FrameDone) -> None:
            self._pace.step(rendered=not step.resumed and step.error is None)
            self.folder.status(
                {
                    "state": "running",
                    "shot": about,
                    "frame": step.number,
                    "shot_done": step.done,
                    "shot_total": step.total,
                    **self._pace.to_json(),
                    "message": f"{shot.title}: frame {step.number}, {step.done} of {step.total}",
                }
            )
            self.folder.event("frame", key=shot.key, **_frame_event(step, self._pace))

        self.folder.status(
            {
                "state": "running",
                "shot": about,
                "frame": None,
                "shot_done": 0,
                "shot_total": len(plan.source.numbers),
                **self._pace.to_json(),
                "message": f"{shot.title}: begun",
            },
            now=True,
        )
        rendered = render_shot(plan, should_stop=self.folder.is_cancelled, progress=progress)
        self._pace.skip(len(plan.source.numbers) - len(rendered.result.reports))
        return rendered.result, rendered.stopped_by, rendered.disk_full

    def _keep(self, group: Sequence[ShotPlan], result: ShotResult) -> None:
        """The result of the first shot of a group, and of those that share its frames."""
        key = group[0].source.shot.key
        self._results[key] = result
        self._tell(result)
        for other in group[1:]:
            shot = other.source.shot
            same = replace(result, shot=shot, how=result.how and How.SAME, same_as=key)
            same = replace(same, handles=other.source.handles)
            self._results[shot.key] = same
            self._tell(same)
        self._write({"state": "running", "exit_code": None, "message": "The renderer is at work."})

    def _tell(self, result: ShotResult) -> None:
        shot = result.shot
        logger.info("%s: %s %s", shot.title, result.state, result.message)
        self.folder.event(
            "shot",
            key=shot.key,
            name=shot.name,
            state=str(result.state),
            how=None if result.how is None else str(result.how),
            message=result.message,
        )

    def _end(self, stopped_by: int) -> tuple[int, str]:
        results = list(self._results.values())
        done = sum(1 for r in results if r.state is ShotState.DONE)
        cancelled = any(r.state is ShotState.CANCELLED for r in results)
        trouble = [r for r in results if r.state is not ShotState.DONE]
        if cancelled:
            code, state = stopped_by or Exit.CANCELLED, "cancelled"
        elif not trouble:
            code, state = Exit.DONE, "done"
        elif done or any(r.state is ShotState.INCOMPLETE for r in results):
            code, state = Exit.INCOMPLETE, "incomplete"
        else:
            code, state = Exit.FAILED, "failed"
        message = f"{done} of {len(results)} shot{'s are' if len(results) != 1 else ' is'} whole"
        if trouble:
            first = next((r for r in trouble if r.state is not ShotState.CANCELLED), trouble[0])
            message += f"; {first.shot.title}: {first.message}"
        message = message if message.endswith(".") else f"{message}."
        self._finish(state, int(code), message)
        return int(code), message

    def _finish(self, state: str, code: int, message: str) -> None:
        document = self._document({"state": state, "exit_code": code, "message": message})
        try:
            document |= write_job_report(self.folder.folder, self.job, document, self.settings)
        except UnwritableFrameError as error:  # the result matters more
            logger.error("%s", error)
        self.folder.result(document)
        end_of_run(self.folder, state, code, message)

    def _write(self, head: Mapping[str, Any]) -> None:
        now = time.monotonic()
        if now - self._written < _RESULT_EVERY_S:
            return
        self._written = now
        try:
            self.folder.result(self._document(head))
        except UnwritableFrameError as error:  # the last one is what counts
            logger.error("%s", error)

    def _document(self, head: Mapping[str, Any]) -> dict[str, Any]:
        in_order = [self._results[s.key] for s in self.job.shots if s.key in self._results]
        return {
            "id": self.job.id,
            **head,
            "settings_digest": self.settings.digest(),
            "versions": {"filmrestore": __version__, "all": fingerprint()},
            "seconds": round(time.monotonic() - self._begun, 3),
            "report_json": None,
            "report_html": None,
            "shots": [result.to_json() for result in in_order],
        }


def end_of_run(folder: JobFolder, state: str, code: int, message: str) -> None:
    """The last words: log, status, event."""
    logger.info("%s (exit code %d): %s", state, code, message)
    folder.status({"state": state, "exit_code": code, "message": message}, now=True)
    folder.event("end", state=state, exit_code=code, message=message)


def refused(folder: JobFolder, code: int, message: str) -> int:
    """Leave a result document for a job that was not begun; gives the exit code."""
    folder.result(
        {
            "id": "",
            "state": "failed",
            "exit_code": code,
            "message": message,
            "settings_digest": "",
            "versions": {"filmrestore": __version__, "all": fingerprint()},
            "seconds": 0.0,
            "report_json": None,
            "report_html": None,
            "shots": [],
        }
    )
    logger.error("%s", message)
    end_of_run(folder, "failed", code, message)
    return code


def _unstarted(plan: ShotPlan, state: ShotState, message: str) -> ShotResult:
    return ShotResult(plan.source.shot, state, message=message, handles=plan.source.handles)


def _disk_of(folder: Path) -> int:
    """The device number of the nearest folder that exists."""
    for place in (folder, *folder.parents):
        try:
            return os.stat(place).st_dev
        except OSError:
            continue
    return -1


def _frame_event(step: FrameDone, pace: Pace) -> dict[str, Any]:
    status = "failed" if step.error else "reused" if step.resumed else "done"
    values: dict[str, Any] = {"frame": step.number, "status": status}
    values |= {"done": pace.done, "total": pace.total}
    if step.report is not None:
        values |= {"pieces": len(step.report.defects), "repaired_px": step.report.repaired}
    if step.error is not None:
        values["error"] = str(step.error)
    return values
