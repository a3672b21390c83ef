"""Footage on disk, a stand-in of Resolve over it, and the button that is pressed."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from filmrestore_core.media.image_file import write_new
from filmrestore_core.testing.scenes import code_frame, half_frame, moving_scene
from filmrestore_resolve.host import renderer, restoring
from filmrestore_resolve.host.choices import checked_choices
from filmrestore_resolve.host.config import Config
from filmrestore_resolve.host.messages import Voice
from filmrestore_resolve.host.restoring import Outcome
from filmrestore_resolve.host.session import open_session
from filmrestore_resolve.host.watching import Watcher
from filmrestore_resolve.testing.pool import PoolItemBody
from filmrestore_resolve.testing.world import World

FIRST, LAST = 1001, 1010
SCENE = moving_scene(range(FIRST, LAST + 1), height=64, width=96, specks=3, seed=11)
# The classical detector starts at once; the nets are tested where they live.
QUICK = {"detect.detector": "classical"}


class Footage:
    """One scan on disk, as Resolve would know it."""

    scene = SCENE

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        for number in range(FIRST, LAST + 1):
            write_new(
                folder / f"plate 2K.{number:07d}.dpx",
                code_frame(number, SCENE.damaged[number], bits=10),
            )

    @property
    def path(self) -> str:
        return f"{self.folder}/plate 2K.[{FIRST:07d}-{LAST:07d}].dpx"

    def as_exr(self, folder: Path, numbers: range, padding: int) -> str:
        """The same as EXR under these numbers; the path as Resolve writes it."""
        folder.mkdir(parents=True)
        for number, scene_number in zip(numbers, range(FIRST, LAST + 1), strict=False):
            frame = half_frame(number, SCENE.damaged[scene_number])
            write_new(folder / f"a.{number:0{padding}d}.exr", frame)
        return f"{folder}/a.[{numbers[0]:0{padding}d}-{numbers[-1]:0{padding}d}].exr"

    def clip(self, world: World, **properties: str) -> PoolItemBody:
        return world.add_clip(self.path, LAST - FIRST + 1, first=FIRST, **properties)


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return Footage(tmp_path_factory.mktemp("scans") / "Rolle Ä 2")


class Button:
    """Presses the button; what was said is kept.

    Attributes:
        rendered: how many times the renderer was started.
    """

    def __init__(self, jobs: Path) -> None:
        self.config = Config([sys.executable, "-m", "filmrestore_core"], str(jobs), [], {})
        self.said: list[str] = []
        self.rendered = 0
        self.watcher: Callable[[Voice], Watcher] = Watcher

    def press(self, world: World, **choices: Any) -> Outcome:
        voice = Voice()
        voice.listener = self.said.append
        choices = {"changes": QUICK} | choices
        return restoring.restore(
            open_session(world.resolve),
            checked_choices(choices, "test"),
            self.config,
            voice,
            self.watcher(voice),
        )

    def last_folder(self) -> Path:
        return max(p for p in Path(self.config.jobs_folder).iterdir() if p.is_dir())


@pytest.fixture
def button(tmp_path: Path) -> Button:
    """The renderer is a process of its own, each time."""
    return Button(tmp_path / "jobs")


_REAL = renderer.render
_KEPT: dict[str, Path] = {}


@pytest.fixture
def quick_button(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Button:
    """A job that was rendered once in this test run is not rendered a second time.

    The frames of the first time are still on disk, and the renderer's result is a function of the
    job: the first of equal jobs runs as a process, the others get its result.
    """
    button = Button(tmp_path / "jobs")

    def render(command: list[str], folder: str, *others: Any) -> int:
        document = json.loads(Path(folder, "job.json").read_text("utf-8"))
        # These three are only given back and reported.
        del document["id"], document["created_by"]
        for shot in document["shots"]:
            del shot["source"]["rate"]
        key = json.dumps(document)
        kept = _KEPT.get(key)
        if kept is None:
            code = _REAL(command, folder, *others)
            button.rendered += 1
            kept = tmp_path_factory.mktemp("kept") / "result.json"
            shutil.copy(Path(folder, "result.json"), kept)
            _KEPT[key] = kept
            return code
        shutil.copy(kept, Path(folder, "result.json"))
        return int(json.loads(kept.read_text("utf-8"))["exit_code"])

    monkeypatch.setattr(restoring, "render", render)
    return button
