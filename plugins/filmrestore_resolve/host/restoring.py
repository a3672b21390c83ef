"""One press of the button: choose, render, place, mark, report, and put the user's things back."""

import os
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

from filmrestore_resolve.host.choosing import chosen_items
from filmrestore_resolve.host.config import Config
from filmrestore_resolve.host.disk import on_disk
from filmrestore_resolve.host.jobfile import (
    Result,
    job_document,
    new_job_folder,
    read_results,
    write_job,
)
from filmrestore_resolve.host.messages import Refusal, Voice, count_of
from filmrestore_resolve.host.rates import timecode
from filmrestore_resolve.host.renderer import render
from filmrestore_resolve.host.report import Line, write_report
from filmrestore_resolve.host.session import Session
from filmrestore_resolve.host.setting_down import set_down
from filmrestore_resolve.host.shots import Shot, Skipped, look_at, unlike
from filmrestore_resolve.host.timeline import Timeline, make_current, open_page
from filmrestore_resolve.host.timeline_render import render_from_timeline
from filmrestore_resolve.host.user_state import put_back, remember
from filmrestore_resolve.host.watching import Watcher

SCRIPT = "filmrestore menu script 1"


class Outcome(NamedTuple):
    """How a press ended.

    Attributes:
        code: 0 all is well, 1 nothing came out, 3 some shots failed or were skipped, 4 cancelled.
        page: the report; "" where there is none.
    """

    code: int
    page: str
    lines: List[Line]


class Found(NamedTuple):
    """What a choice holds: shots that can be restored, and those that cannot with their reasons."""

    shots: List[Shot]
    skipped: List[Skipped]


def look(session: Session, choices: Mapping[str, Any]) -> Found:
    """Look at the chosen items.

    Raises:
        Refusal: nothing is chosen.
    """
    seen = [look_at(item, session.timeline) for item in chosen_items(session.timeline, choices)]
    return Found(
        [found for found in seen if isinstance(found, Shot)],
        [found for found in seen if isinstance(found, Skipped)],
    )


def restore(
    session: Session, choices: Mapping[str, Any], config: Config, voice: Voice, watcher: Watcher
) -> Outcome:
    """Restore the chosen shots.

    Args:
        session: the open project.
        choices: the user's, checked.
        config: where the renderer stands.
        voice: says lines to the user.
        watcher: is told of the progress and says when to stop.

    Raises:
        Refusal: nothing can be done; nothing was changed.
    """
    found = look(session, choices)
    for skipped in found.skipped:
        voice.say(skipped.line)
    by_timeline = [s for s in found.skipped if s.renderable] if choices["timeline_render"] else []
    if not found.shots and not by_timeline:
        raise Refusal("None of the chosen clips can be restored; the reasons are above.")
    folder = new_job_folder(config.jobs_folder, session.timeline.name)
    voice.log_into(folder)
    for shot in found.shots:
        voice.say(_plan(shot, session.timeline))
    work = _Work(session, choices, config, voice, watcher, folder)
    outcome = work.do(found.shots, found.skipped, [s.item for s in by_timeline])
    voice.say("The job, its log and report are in %s" % folder)
    return outcome


class _Work:
    """The steps of one press, with what they share."""

    def __init__(
        self,
        session: Session,
        choices: Mapping[str, Any],
        config: Config,
        voice: Voice,
        watcher: Watcher,
        folder: str,
    ) -> None:
        self.session = session
        self.choices = choices
        self.config = config
        self.voice = voice
        self.watcher = watcher
        self.folder = folder
        self.lines: List[Line] = []
        self.results: Dict[str, Result] = {}
        self.last: Dict[str, Any] = {}

    def do(self, shots: List[Shot], skipped: List[Skipped], by_timeline: List[Any]) -> Outcome:
        extra, refused = self._from_timeline(by_timeline)
        shots = shots + extra
        rescued = {shot.item.same_place() for shot in extra}
        for skip in skipped:
            if skip.item.same_place() not in rescued:
                text = refused.get(skip.item.same_place(), "it " + skip.reason)
                self._note(skip.item, "", "skipped", text, None)
        if shots:
            self._render(shots, "")
            again = self._second_chance(shots)
            self._place([s for s in shots if s.key not in {a.key for a in again}] + again)
        about = {
            "project": self.session.project_name,
            "timeline": self.session.timeline.name,
            "choices": dict(self.choices),
            "host": self.session.product,
        }
        page = write_report(self.folder, about, self.lines, self.last)
        return Outcome(self._code(), page, self.lines)

    def _from_timeline(self, items: List[Any]) -> Tuple[List[Shot], Dict[Any, str]]:
        """Items that cannot be read from disk, rendered by Resolve's own queue."""
        if not items:
            return [], {}
        base = self.choices["output_folder"] or self.config.jobs_folder
        made, refused = render_from_timeline(
            self.session, items, os.path.join(base, "timeline renders"), self.voice, self.watcher
        )
        return made, {item.same_place(): reason for item, reason in refused}

    def _second_chance(self, shots: List[Shot]) -> List[Shot]:
        """Movies that the renderer cannot decode exactly go through the render queue, if wished."""
        if not self.choices["timeline_render"] or not self.watcher.wanted():
            return []
        lost = [
            shot
            for shot in shots
            if shot.kind == "movie"
            and shot.key in self.results
            and self.results[shot.key].state == "failed"
        ]
        if not lost:
            return []
        for shot in lost:
            self.voice.say("%s: %s" % (shot.label, self.results[shot.key].message))
        again, _ = self._from_timeline([shot.item for shot in lost])
        if again:
            self._render(again, "timeline-render")
        kept = {shot.item.same_place(): shot for shot in again}
        return [kept.get(shot.item.same_place(), shot) for shot in lost]

    def _render(self, shots: List[Shot], below: str) -> None:
        folder = os.path.join(self.folder, below) if below else self.folder
        if not os.path.isdir(on_disk(folder)):
            os.makedirs(on_disk(folder))
        session = self.session
        document = job_document(
            shots, session.timeline, session.project_name, self.choices,
            "%s; %s" % (SCRIPT, session.product), os.path.basename(self.folder),
        )  # fmt: skip
        write_job(folder, document)
        self.voice.say(
            "%s to restore, %d frames."
            % (
                count_of(len(document["shots"]), "range"),
                sum(shot.last - shot.first + 1 for shot in unlike(shots)),
            )
        )
        watcher = self.watcher
        render(self.config.command, folder, watcher.progress, watcher.wanted, watcher.pause)
        results, self.last = read_results(folder)
        self.results.update(results)

    def _place(self, shots: List[Shot]) -> None:
        """Place what is whole; what the user had open comes back in any case."""
        session = self.session
        state = None
        try:
            for shot in shots:
                result = self.results.get(shot.key)
                if result is None or result.files is None:
                    state_word = result.state if result is not None else "failed"
                    reason = result.message if result is not None else "it is not in the result"
                    self.voice.say(
                        "%s was not restored (%s): %s" % (shot.label, state_word, reason)
                    )
                    self._note(shot.item, shot.key, state_word, reason, result)
                    continue
                if state is None:
                    state = remember(session.resolve, session.project, session.pool)
                    if not make_current(session.project, session.timeline.handle):
                        raise Refusal(
                            "The timeline '%s' cannot be opened again; the results are on disk."
                            % session.timeline.name
                        )
                    open_page(session.resolve, "edit")
                down = set_down(session, self.choices, shot, result)
                self.voice.say("%s: %s" % (shot.label, down.text))
                self._note(shot.item, shot.key, down.outcome, down.text, result)
        finally:
            if state is not None:
                for line in put_back(state, session.resolve, session.project, session.pool):
                    self.voice.say(line)

    def _note(self, item: Any, key: str, outcome: str, text: str, result: Any) -> None:
        timeline = self.session.timeline
        at = timecode(item.start, timeline.rate, timeline.drop)
        values = result.values if result is not None else {}
        self.lines.append(
            Line(item.name, at, key, outcome, text, str(values.get("folder") or ""),
                 str(values.get("report_html") or ""))
        )  # fmt: skip

    def _code(self) -> int:
        outcomes = [line.outcome for line in self.lines]
        if "cancelled" in outcomes:
            return 4
        good = sum(outcome in ("placed", "there already", "in the bin") for outcome in outcomes)
        if not good:
            return 1
        return 0 if good == len(outcomes) else 3


def _plan(shot: Shot, timeline: Timeline) -> str:
    return "%s at %s: frames %d-%d, %d before and %d after the cut can be looked at." % (
        shot.label,
        timecode(shot.item.start, timeline.rate, timeline.drop),
        shot.first,
        shot.last,
        shot.before,
        shot.after,
    )
