"""`filmrestore resolve run`: the menu script's work from outside, for Resolve Studio."""

from __future__ import annotations

import json
import signal
import sys
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from filmrestore_core import SettingsError
from filmrestore_resolve.host import start
from filmrestore_resolve.host.choices import DEFAULTS, checked_choices
from filmrestore_resolve.host.config import Config, default_jobs_folder
from filmrestore_resolve.host.jsonfile import read_json
from filmrestore_resolve.host.messages import Refusal, Voice
from filmrestore_resolve.host.reach import reach_from_outside
from filmrestore_resolve.host.session import open_session
from filmrestore_resolve.host.watching import Watcher


class Choose(StrEnum):
    """Which items of the open timeline are meant."""

    SELECTED = "selected"
    COLOR = "color"
    IN_OUT = "in_out"
    CURRENT = "current"
    TRACK = "track"


class PlaceAs(StrEnum):
    """Where results go."""

    TRACK = "track"
    TAKE = "take"
    BIN = "bin"


def run(
    choose: Annotated[
        Choose | None,
        typer.Option(
            "--choose", help="Selected clips, a clip color, in to out, the current clip, a track."
        ),
    ] = None,
    color: Annotated[
        str | None, typer.Option("--color", metavar="NAME", help="The clip color; Orange.")
    ] = None,
    track: Annotated[
        int | None, typer.Option("--track", help="The video track; 0 is the playhead's.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", "-p", metavar="NAME", help="A preset's name or file.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change any setting. May be given again."),
    ] = None,
    place: Annotated[
        PlaceAs | None, typer.Option("--place", help="A track above, a take, or just the bin.")
    ] = None,
    handles: Annotated[
        int | None, typer.Option("--handles", min=0, help="Frames beyond the cut at each end.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="Instead of beside the media."),
    ] = None,
    matte: Annotated[
        bool | None, typer.Option("--matte/--no-matte", help="Write and import mattes too.")
    ] = None,
    copy_grade: Annotated[
        bool | None, typer.Option("--copy-grade/--no-copy-grade", help="Copy the source's grade.")
    ] = None,
    markers: Annotated[
        bool | None, typer.Option("--markers/--no-markers", help="A marker for each shot.")
    ] = None,
    bad_frame_markers: Annotated[
        bool | None,
        typer.Option("--bad-frame-markers/--no-bad-frame-markers", help="On the worst frames."),
    ] = None,
    timeline_render: Annotated[
        bool | None,
        typer.Option(
            "--timeline-render/--no-timeline-render",
            help="Let Resolve's render queue make frames of what cannot be read from disk.",
        ),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", metavar="FILE.json", help="All of these from a file."),
    ] = None,
    jobs: Annotated[
        Path | None, typer.Option("--jobs", metavar="FOLDER", help="Where job folders go.")
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take away what was added to the open timeline.")
    ] = False,
) -> None:
    """Restore shots of the timeline that is open in Resolve Studio, and place them back.

    Needs Preferences, System, General, External scripting using: Local. Exit codes: 0 done, 1
    nothing was done, 2 wrong arguments, 3 some shots were not (listed), 4 cancelled.
    """
    voice = Voice()
    given = {
        "choose": choose, "color": color, "track": track, "preset": preset, "place": place,
        "handles": handles, "output_folder": None if out is None else str(out.absolute()),
        "matte": matte, "copy_grade": copy_grade, "markers": markers,
        "bad_frame_markers": bad_frame_markers, "timeline_render": timeline_render,
    }  # fmt: skip
    try:
        base = dict(DEFAULTS) if settings is None else read_json(str(settings))
        base |= {n: _plain(v) for n, v in given.items() if v is not None}
        base["changes"] = {**base.get("changes", {}), **_changes(change or [])}
        choices = checked_choices(base, "filmrestore resolve run")
        config = Config(
            [sys.executable, "-m", "filmrestore_core"],
            str(jobs.absolute()) if jobs else default_jobs_folder(),
            [],
            {},
        )
        session = open_session(reach_from_outside().resolve)
        if remove:
            code = start.remove(session, voice)
        else:
            watcher = Watcher(voice)
            _stop_kindly(watcher)
            code = start.run(session, choices, config, voice, watcher)
    except Refusal as refusal:
        typer.echo(str(refusal), err=True)
        code = refusal.code
    raise typer.Exit(code)


def _changes(texts: list[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for text in texts:
        key, mark, value = text.partition("=")
        if not mark or not key.strip():
            raise SettingsError(f"--set '{text}' is no KEY=VALUE.")
        try:
            changes[key.strip()] = json.loads(value)
        except ValueError:
            changes[key.strip()] = value
    return changes


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value


def _stop_kindly(watcher: Watcher) -> None:
    """An end asked for from outside finishes the frame, and places nothing half done."""

    def stop(number: int, frame: FrameType | None) -> None:
        watcher.stopped = True

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
