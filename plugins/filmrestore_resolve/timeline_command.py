"""`filmrestore restore-timeline`: the clips of a cut, restored, on a track above.

Light to import, as every call of the command line does it: OpenTimelineIO comes when it is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from filmrestore_core import SettingsError
from filmrestore_resolve.job import MovieFrames, job_of
from filmrestore_resolve.rates import exact_rate
from filmrestore_resolve.whole_file import write_json, write_text

if TYPE_CHECKING:
    from filmrestore_resolve.cut_clip import CutClip

app = typer.Typer(help="Restore the clips of an OpenTimelineIO or EDL cut.")

Folder = typer.Option("--media", metavar="FOLDER", help="Look for missing media below; repeatable.")


@app.command()
def restore_timeline(
    cut: Annotated[Path, typer.Argument(metavar="CUT", help="The cut: .otio or .edl.")],
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT_DIR", help="Where frames, reports and the new .otio go."),
    ],
    media: Annotated[list[Path] | None, Folder] = None,
    rate: Annotated[
        str | None, typer.Option("--rate", help="Of an EDL, which does not say it: 24, 29.97, ...")
    ] = None,
    preset: Annotated[str, typer.Option("--preset", "-p", metavar="NAME")] = "standard",
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change any setting; repeatable."),
    ] = None,
    encoding: Annotated[str, typer.Option("--encoding", "-e", metavar="NAME")] = "auto",
    handles: Annotated[
        int, typer.Option("--handles", min=0, help="Further frames at both ends of each clip.")
    ] = 0,
    matte: Annotated[bool, typer.Option("--matte", help="Also write matte sequences.")] = False,
    movie_frames: Annotated[
        MovieFrames, typer.Option("--movie-frames", help="What a movie's frames become.")
    ] = MovieFrames.TIF,
    device: Annotated[str, typer.Option("--device", metavar="NAME")] = "auto",
    workers: Annotated[int, typer.Option("--workers", min=0, max=64)] = 0,
    listing: Annotated[
        bool, typer.Option("--list", help="Only say what would be restored, and what not.")
    ] = False,
    lines: Annotated[
        bool, typer.Option("--lines", help="Say events as JSON lines on standard output.")
    ] = False,
) -> None:
    """Restore the clips of a cut and write it back with them on a track above.

    The cut's own tracks stay as they are. Each source range is rendered once; the same command
    again renders nothing that is whole and up to date.

    Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 some clips failed, 130/143 stopped.
    """
    from filmrestore_resolve.cut_media import MediaFolders
    from filmrestore_resolve.otio_read import clips_of, read_timeline
    from filmrestore_resolve.otio_result import restored_timeline, timeline_text
    from filmrestore_resolve.render_job import render_job_file
    from filmrestore_resolve.timeline_job import timeline_job

    rated = None if rate is None else exact_rate(rate)
    timeline = read_timeline(cut, rate=rated)
    is_edl = cut.suffix.lower() == ".edl"
    clips = clips_of(timeline, cut.absolute().parent, MediaFolders(media or ()), is_edl=is_edl)
    head = {
        "settings": {"preset": _preset(preset), "changes": _changes(changes or [])}
        | {"encoding": encoding},
        "output": {
            "handles": {"head": handles, "tail": handles},
            "matte": matte,
            "movie_frames": str(movie_frames),
        },
        "machine": {"device": device, "workers": workers},
    }
    name = timeline.name or cut.stem
    job = timeline_job(clips, out, project=cut.stem, timeline=name, head=head)
    if listing:
        _list(clips)
        raise typer.Exit(0)
    if not job.document["shots"]:
        _list(clips)
        typer.echo("No clip of the cut can be restored.", err=True)
        raise typer.Exit(1)
    job_of(job.document, where=f"the job of {cut}")
    target = out / f"{cut.stem}.restored.otio"
    _refuse_own(target, cut)
    folder = out / f"{cut.stem}.job"
    write_json(folder / "job.json", job.document)
    code = render_job_file(folder / "job.json", lines=lines)
    result = json.loads((folder / "result.json").read_text("utf-8"))
    whole = {shot["key"]: shot for shot in result["shots"] if shot["state"] == "done"}
    results = {at: whole[key] for at, key in job.keys.items() if key in whole}
    if results:
        _write_changed(target, timeline_text(restored_timeline(timeline, clips, results)))
    _say(clips, job.keys, result, target if results else None, lines=lines)
    raise typer.Exit(code)


def _preset(name: str) -> str:
    return os.path.abspath(name) if name.lower().endswith((".yaml", ".yml")) else name


def _changes(given: Sequence[str]) -> dict[str, str]:
    changes = {}
    for change in given:
        key, equals, value = change.partition("=")
        if not equals:
            raise SettingsError(f"--set '{change}' has no value.", hint="write KEY=VALUE")
        changes[key.strip()] = value.strip()
    return changes


def _refuse_own(target: Path, cut: Path) -> None:
    if os.path.realpath(target) == os.path.realpath(cut):
        raise SettingsError(f"The result '{target}' would replace the cut itself.", path=target)


def _write_changed(path: Path, text: str) -> None:
    """Write a text; a file that holds it already is left alone."""
    try:
        if path.read_text("utf-8") == text:
            return
    except (OSError, UnicodeDecodeError):
        pass
    write_text(path, text)


def _list(clips: Sequence[CutClip]) -> None:
    for clip in clips:
        if clip.media is None:
            typer.echo(f"{clip.name}: skipped, {clip.reason}")
        else:
            typer.echo(f"{clip.name}: frames {clip.first}-{clip.last} of {clip.media.path}")


def _say(
    clips: Sequence[CutClip],
    keys: Mapping[tuple[int, int], str],
    result: Mapping[str, Any],
    target: Path | None,
    *,
    lines: bool,
) -> None:
    from filmrestore_resolve.otio_result import note_of

    if lines:
        return
    shots = {shot["key"]: shot for shot in result["shots"]}
    for clip in clips:
        shot = shots.get(keys.get((clip.track, clip.place), ""))
        if shot is None:
            typer.echo(f"{clip.name}: skipped, {clip.reason or result['message']}")
        elif shot["state"] == "done":
            how = {"reused": ", was there"}.get(shot["how"] or "", "")
            typer.echo(f"{clip.name}: {clip.first}-{clip.last}{how}: {note_of(shot)}")
        else:
            typer.echo(f"{clip.name}: {shot['state']}: {shot['message']}")
    typer.echo(result["message"])
    if target is not None:
        typer.echo(f"Cut: {target}")
    if result.get("report_html"):
        typer.echo(f"Report: {result['report_html']}")
