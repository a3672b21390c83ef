"""The real job: the menu script as Resolve runs it, the real renderer, real frames on disk."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from filmrestore_core.cli.main import run
from filmrestore_core.media.image_file import write_new
from filmrestore_core.testing.scenes import half_frame, moving_scene
from filmrestore_resolve.host.messages import Refusal
from filmrestore_resolve.host.removing import remove_results
from filmrestore_resolve.host.session import open_session
from filmrestore_resolve.host.watching import Watcher
from filmrestore_resolve.menu_script import menu_script
from filmrestore_resolve.testing.project import ProjectBody
from filmrestore_resolve.testing.quirks import Quirks
from filmrestore_resolve.testing.remote import FORBIDDEN
from filmrestore_resolve.testing.timeline import TimelineBody
from filmrestore_resolve.testing.windows import (
    Dispatcher,
    DispatcherWithoutSteps,
    Window,
    fusion_with,
)
from filmrestore_resolve.testing.world import World

ROOT = Path(__file__).parents[3]
QUICK = {"detect.detector": "classical"}


def files_of(clip: Any) -> list[Path]:
    folder = Path(clip.properties["File Path"]).parent
    return sorted(p for p in folder.iterdir() if p.suffix in (".dpx", ".exr", ".tif"))


def config_file(folder: Path, **choices: Any) -> Path:
    """As the installer writes it, with the user's settings beside the jobs."""
    jobs = folder / "jobs"
    jobs.mkdir(parents=True, exist_ok=True)
    path = folder / "filmrestore_resolve.json"
    renderer = [sys.executable, "-m", "filmrestore_core"]
    values = {"schema": 1, "renderer": renderer, "jobs_folder": str(jobs), "presets": []}
    path.write_text(json.dumps(values), "utf-8")
    settings = json.dumps({"changes": QUICK} | choices)
    (jobs / "filmrestore_settings.json").write_text(settings, "utf-8")
    return path


def run_menu(world: World, config: Path, action: str = "restore", **names: Any) -> str:
    """Run the menu script's text as Resolve does: no file, its own globals; what it printed."""
    text = menu_script(action)
    line = 'INSTALLED_CONFIG = None  # set by "filmrestore resolve install"'
    text = text.replace(line, f"INSTALLED_CONFIG = {str(config)!r}")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(text, "<string>", "exec"), {"resolve": world.resolve, **names})
    return said.getvalue()


def test_the_menu_script_restores_as_the_command_line_does(footage: Any, tmp_path: Path) -> None:
    """The whole path with nothing replaced; the frames are those of `filmrestore restore`."""
    world = World()
    world.add_item(footage.clip(world), 86410, 4, 3, color="Orange")
    before, users = world.state(), world.users_part()
    config = config_file(tmp_path, output_folder=str(tmp_path / "Ausgabe ü"), matte=True)

    said = run_menu(world, config)
    assert "There is no dialog here" in said
    assert "placed on V2" in said
    assert world.users_part() == users
    (item,) = world.our_items()
    assert (item.start, item.shows()) == (86410, [1004, 1005, 1006, 1007])

    after = world.state()
    said = run_menu(world, config)
    assert "on V2 already; nothing had to be rendered again" in said
    assert world.state() == after

    out = tmp_path / "by hand"
    source = str(footage.folder / "plate 2K.#######.dpx")
    arguments = ["restore", source, f"{out}/", "-f", "1004-1007"]
    assert run([*arguments, "--set", "detect.detector=classical"]) == 0
    mine = {p.name: p.read_bytes() for p in out.iterdir() if p.suffix == ".dpx"}
    result = next(c for c in world.our_clips() if "/matte" not in c.properties["File Path"])
    assert {p.name: p.read_bytes() for p in files_of(result)} == mine
    assert len(mine) == 4
    originals = {p.name: p.read_bytes() for p in footage.folder.iterdir() if p.suffix == ".dpx"}
    assert len(originals) == 10, "nothing was written into the source's own sequence"
    changed = [name for name, content in mine.items() if content != originals[name]]
    assert changed == ["plate 2K.0001005.dpx"]

    said = run_menu(world, config, "remove")
    assert (
        "Removed 1 clip on the timeline, 0 takes, 1 marker, 2 clips of the bin and 1 track." in said
    )
    assert world.state() == before
    assert world.wire.misuses == []
    assert not FORBIDDEN & {call.name for call in world.wire.calls}


@pytest.mark.parametrize("padding", [pytest.param(4, marks=pytest.mark.slow), 7])
def test_exr_of_any_padding(padding: int, footage: Any, tmp_path: Path, quick_button: Any) -> None:
    path = footage.as_exr(tmp_path / "100% Röll", range(98, 108), padding)
    world = World(Quirks(sequence_start="first_number"))
    world.add_item(world.add_clip(path, 10, first=98), 86400, 3, 1, color="Orange")
    assert quick_button.press(world).code == 0
    (item,) = world.our_items()
    assert item.shows() == [99, 100, 101]
    names = [p.name for p in files_of(item.clip)]
    assert names == [f"a.{n:0{padding}d}.exr" for n in (99, 100, 101)]


# A renderer that goes no further than its first frame until somebody cancels: four frames may else
# be done before anybody could.
PATIENT = """
import os, time
from filmrestore_core.cli.main import main
from filmrestore_resolve.job_folder import CANCEL, JobFolder

plain = JobFolder.status

def status(self, values, *, now=False):
    first = values.get("shot_done") == 1
    plain(self, values, now=now or first)
    end = time.monotonic() + 60
    while first and not os.path.lexists(self.folder / CANCEL) and time.monotonic() < end:
        time.sleep(0.01)
    if first:
        self._looked = 0.0  # else it looks for the flag ten times a second only

JobFolder.status = status
main()
"""


class StopAtOnce(Watcher):
    """A user who cancels when the first frame is told."""

    def progress(self, progress: Any) -> None:
        self.stopped = self.stopped or progress.done > 0


def test_cancelled_places_nothing_and_goes_on_later(footage: Any, button: Any) -> None:
    world = World()
    world.add_item(footage.clip(world), 86400, 4, 3, color="Orange")
    before = world.state()
    changes = QUICK | {"detect.sensitivity": 0.55}
    usual = button.config
    button.config = usual._replace(command=[sys.executable, "-c", PATIENT])
    button.watcher = StopAtOnce
    outcome = button.press(world, changes=changes)
    assert outcome.code == 4
    assert outcome.lines[0].outcome == "cancelled"
    assert world.state() == before
    button.config, button.watcher = usual, Watcher
    assert button.press(world, changes=changes).code == 0
    result = json.loads((button.last_folder() / "result.json").read_text("utf-8"))
    frames = result["shots"][0]["frames"]
    assert frames["reused"] >= 1
    assert frames["reused"] + frames["rendered"] == 4


def test_a_renderer_that_crashes_shows_its_last_lines(footage: Any, button: Any) -> None:
    world = World()
    world.add_item(footage.clip(world), 86400, 4, 0, color="Orange")
    before = world.state()
    code = "import os, sys; print('the last words', flush=True); os.abort()"
    button.config = button.config._replace(command=[sys.executable, "-c", code])
    with pytest.raises(Refusal, match=r"crashed(.|\n)*the last words"):
        button.press(world)
    button.config = button.config._replace(command=["/nowhere/python"])
    with pytest.raises(Refusal, match="cannot be started"):
        button.press(world)
    button.config = button.config._replace(command=[sys.executable, "-m", "filmrestore_core"])
    with pytest.raises(Refusal, match=r"refuses the job(.|\n)*no-such"):
        button.press(world, preset="no-such")
    assert world.state() == before


def draw(timeline: TimelineBody, frame: int, stem: Path, ending: str) -> None:
    """What Resolve's render queue would write: the file that the one enabled track shows."""
    (item,) = [
        i
        for t in timeline.tracks
        if t.enabled
        for i in t.items
        if i.start <= frame < i.start + i.duration
    ]
    assert ending == "exr"
    assert item.speed == 50.0
    scene = moving_scene(range(frame, frame + 1), height=64, width=96, specks=3, seed=12)
    write_new(stem.with_name(f"{stem.name}.exr"), half_frame(frame, scene.damaged[frame]))


@pytest.mark.parametrize("lies", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_timeline_render_is_labeled_and_leaves_the_queue_as_it_was(
    lies: bool, footage: Any, quick_button: Any
) -> None:
    """A retimed clip, below one of another track that must not get into the picture."""
    quirks = Quirks(track_enable_lies=lies, page="color", status_language="de")
    world = World(quirks)
    project: ProjectBody = world.project
    project.draw = draw
    project.AddRenderJob()
    world.add_item(footage.clip(world), 86400, 3, 1, speed=50.0, color="Orange", name="slow")
    world.add_item(footage.clip(world), 86400, 5, 0, track=2, name="above")
    before, users = world.state(), world.users_part()
    out = quick_button.config.jobs_folder

    outcome = quick_button.press(world, timeline_render=True, output_folder=out)
    assert "it would hide 'above'" not in outcome.lines[0].text, outcome
    assert outcome.code == 0
    assert "made from a timeline render" in outcome.lines[0].text
    (item,) = world.our_items()
    assert (item.start, item.duration) == (86400, 3)
    assert "timeline render" in next(iter(world.timeline.markers.values()))["note"]
    assert world.users_part() == users
    assert len(project.timelines) == 1
    assert world.wire.misuses == []

    after = world.state()
    again = quick_button.press(world, timeline_render=True, output_folder=out)
    assert again.lines[0].outcome == "there already"
    assert any("is used again" in line for line in quick_button.said)
    assert world.state() == after
    session = open_session(world.resolve)
    remove_results(session.project, session.pool, session.timeline)
    assert world.state() == before


def test_no_timeline_render_while_resolve_renders(footage: Any, quick_button: Any) -> None:
    world = World()
    world.add_item(footage.clip(world), 86400, 3, 1, speed=50.0, color="Orange")
    world.project.rendering, world.project.polls = ["theirs"], 1000
    outcome = quick_button.press(world, timeline_render=True)
    assert outcome.code == 1
    assert "Resolve is rendering now" in outcome.lines[0].text


def test_a_movie_is_read_by_its_frames(footage: Any, tmp_path: Path, quick_button: Any) -> None:
    path = tmp_path / "Film ü.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv422p10le"
        for number in range(1001, 1009):
            gray = (footage.scene.damaged[number] * 255).astype(np.uint8)
            rgb = np.repeat(gray[..., :1], 3, axis=2)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))
    world = World(Quirks(sequence_start="first_number", end_frame="inclusive"))
    world.add_item(world.add_clip(str(path), 8), 86400, 3, 2, color="Orange")
    outcome = quick_button.press(world)
    assert outcome.code == 0, outcome
    (item,) = world.our_items()
    assert item.shows() == [2, 3, 4]
    assert [p.suffix for p in files_of(item.clip)] == [".tif"] * 3


def click(element: str) -> Any:
    return lambda window: window.happens(element, "Clicked")


def test_the_dialog_lists_chooses_runs_and_tells(footage: Any, tmp_path: Path) -> None:
    world = World()
    world.add_item(footage.clip(world), 86400, 4, 3, color="Green")
    world.add_item(footage.clip(world), 86410, 4, 3, color="Green", speed=50.0)
    seen: list[str] = []

    def choose(window: Window) -> None:
        items = window.GetItems()
        seen.append(items["Shots"].PlainText)
        items["Color"].CurrentIndex = 5
        window.happens("Color", "CurrentIndexChanged")
        seen.append(items["Shots"].PlainText)
        items["Sensitivity"].Text = "much"
        window.happens("Start", "Clicked")
        seen.append(items["Progress"].Text)
        items["Sensitivity"].Text = "0,5"
        window.happens("Start", "Clicked")

    def end(window: Window) -> None:
        seen.append(window.GetItems()["Progress"].Text)
        seen.append(window.GetItems()["Log"].PlainText)
        window.happens("Stop", "Clicked")

    dispatcher = Dispatcher([choose, end])
    fusion, bmd = fusion_with(dispatcher)
    run_menu(world, config_file(tmp_path), fusion=fusion, bmd=bmd)
    assert "No clip on timeline" in seen[0]
    assert "frames 1004-1007, 4 frames, 3 before and 3 after the cut" in seen[1]
    assert "is retimed (50 %)" in seen[1]
    assert "'much' is no number" in seen[2]
    assert seen[3] == "Done, but not every shot: see below."
    assert "placed on V2" in seen[4]
    assert dispatcher.steps > 0
    assert [item.start for item in world.our_items()] == [86400]
    assert not dispatcher.windows[0].shown


@pytest.mark.slow
def test_cancel_in_the_dialog(footage: Any, tmp_path: Path) -> None:
    """Closed before the start nothing is done; a click while it runs stops the renderer."""
    world = World()
    world.add_item(footage.clip(world), 86400, 4, 0, color="Orange")
    before = world.state()
    fusion, bmd = fusion_with(Dispatcher([click("Stop")]))
    config = config_file(tmp_path, changes=QUICK | {"detect.sensitivity": 0.45})
    assert "Nothing was started." in run_menu(world, config, fusion=fusion, bmd=bmd)
    assert world.state() == before

    def stop(window: Window) -> None:
        window.happens("Stop", "Clicked")

    stop.while_running = True  # type: ignore[attr-defined]
    fusion, bmd = fusion_with(Dispatcher([click("Start"), stop, click("Stop")]))
    assert "cancelled" in run_menu(world, config, fusion=fusion, bmd=bmd)
    assert world.state() == before


def test_a_window_that_cannot_be_served_meanwhile_says_so(tmp_path: Path) -> None:
    said: list[str] = []

    def end(window: Window) -> None:
        said.append(window.GetItems()["Log"].PlainText)
        window.happens("Stop", "Clicked")

    fusion, bmd = fusion_with(DispatcherWithoutSteps([click("Start"), end]))
    run_menu(World(), config_file(tmp_path), fusion=fusion, bmd=bmd)
    assert "answers again when the job is done" in said[0]


def test_the_free_edition_is_never_asked_for_a_window(tmp_path: Path) -> None:
    """A touch of UIManager there opens an advertisement."""

    class Untouchable:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"fusion.{name} was asked for")

    world = World(Quirks(studio=False, version=(20, 3, 2, 9, "")))
    said = run_menu(world, config_file(tmp_path), fusion=Untouchable(), bmd=Untouchable())
    assert "There is no dialog here" in said
    assert "No clip on timeline 'Reel 1" in said


STAND_IN = """
import json, os, sys
from filmrestore_resolve.testing.world import World
from filmrestore_resolve.testing.quirks import Quirks
how = json.loads(os.environ["STAND_IN"])
world = None if how is None else World(Quirks(studio=how["studio"]))
if world is not None:
    clip = world.add_clip(how["path"], 10, first=1001)
    world.add_item(clip, 86400, 4, 3, color="Orange")
def scriptapp(name):
    if world is None:
        return None
    import atexit
    if "state" in how:
        atexit.register(lambda: open(how["state"], "w").write(json.dumps(world.state())))
    return world.resolve
"""


def outside(tmp_path: Path, how: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`filmrestore resolve run` in a process, with a scripting module of the stand-in."""
    modules = tmp_path / "Scripting" / "Modules"
    modules.mkdir(parents=True, exist_ok=True)
    (modules / "DaVinciResolveScript.py").write_text(STAND_IN, "utf-8")
    environment = os.environ | {
        "RESOLVE_SCRIPT_API": str(modules.parent),
        "STAND_IN": json.dumps(how),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")]),
    }
    return subprocess.run(
        [sys.executable, "-m", "filmrestore_core", "resolve", "run", *arguments],
        env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


def test_from_outside(footage: Any, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    how = {"path": footage.path, "state": str(state), "studio": True}
    done = outside(
        tmp_path, how, "--jobs", str(tmp_path / "jobs"), "--out", str(tmp_path / "out"),
        "--set", "detect.detector=classical",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "placed on V2" in done.stdout
    tracks = json.loads(state.read_text("utf-8"))["timelines"][0]["tracks"]
    assert [track["name"] for track in tracks] == ["Video 1", "filmrestore"]
    assert tracks[1]["items"][0]["first frame"] == 1004


@pytest.mark.parametrize(
    ("how", "module", "arguments", "code", "said"),
    [
        (None, STAND_IN, [], 1, "is not running|does not answer"),
        ({"studio": False}, STAND_IN, [], 1, "free edition"),
        (None, "raise ImportError('no module imp')", [], 1, "is not found .no module imp"),
        (None, "import os; os.abort()", [], 1, "crashes this Python"),
        (None, STAND_IN, ["--color", "Orangensaft"], 2, "it can be Orange"),
        (None, STAND_IN, ["--set", "x"], 2, "KEY=VALUE"),
    ],
    ids=["silent", "free", "no library", "crash", "color", "set"],
)
def test_from_outside_each_refusal_says_what_to_do(
    how: Any,
    module: str,
    arguments: list[str],
    code: int,
    said: str,
    footage: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    modules = tmp_path / "Scripting" / "Modules"
    modules.mkdir(parents=True)
    (modules / "DaVinciResolveScript.py").write_text(module, "utf-8")
    how = how and how | {"path": footage.path}
    for name, value in {
        "RESOLVE_SCRIPT_API": str(modules.parent), "RESOLVE_SCRIPT_LIB": str(tmp_path / "none.so"),
        "STAND_IN": json.dumps(how), "PYTHONPATH": os.pathsep.join([str(ROOT), f"{ROOT}/plugins"]),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.modules.pop("DaVinciResolveScript", None)
    try:
        assert run(["resolve", "run", *arguments]) == code
    finally:
        sys.modules.pop("DaVinciResolveScript", None)
    assert re.search(said, capsys.readouterr().err)
