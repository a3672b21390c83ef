"""The whole job inside another Python, as Resolve brings one, talking to the stand-in here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from filmrestore_resolve.menu_script import menu_script
from filmrestore_resolve.testing.remote import Handle
from filmrestore_resolve.testing.world import World

# What stands for Resolve in the other Python: each call goes out as a line and comes back as one.
FAR_SIDE = """
import io, json, sys
_out, _in = io.open(3, "w", encoding="utf-8"), io.open(4, encoding="utf-8")
def _pack(value):
    if isinstance(value, Far):
        return {"handle": value._number}
    if isinstance(value, (list, tuple)):
        return [_pack(v) for v in value]
    if isinstance(value, dict):
        return {"dict": [[k, _pack(v)] for k, v in value.items()]}
    return value
def _open(value):
    if isinstance(value, list):
        return [_open(v) for v in value]
    if isinstance(value, dict) and "handle" in value:
        return Far(value["handle"], value["names"])
    if isinstance(value, dict):
        return {k: _open(v) for k, v in value["dict"]}
    return value
class Far(object):
    def __init__(self, number, names):
        self._number, self._names = number, names
    def __dir__(self):
        return self._names
    def __getattr__(self, name):
        if name not in self._names:
            return None
        def call(*arguments):
            _out.write(json.dumps([self._number, name, _pack(arguments)]) + "\\n")
            _out.flush()
            return _open(json.loads(_in.readline()))
        return call
resolve = Far(0, json.loads(_in.readline()))
"""


class NearSide:
    """Answers the other Python's calls with the stand-in."""

    def __init__(self, world: World) -> None:
        self.handles: list[Handle] = [world.resolve]

    def answer(self, line: str) -> str:
        number, name, arguments = json.loads(line)
        return json.dumps(
            self.pack(getattr(self.handles[number], name)(*map(self.open, arguments)))
        )

    def pack(self, value: Any) -> Any:
        if isinstance(value, Handle):
            self.handles.append(value)
            return {"handle": len(self.handles) - 1, "names": dir(value)}
        if isinstance(value, (list, tuple)):
            return [self.pack(v) for v in value]
        if isinstance(value, dict):
            return {"dict": [[k, self.pack(v)] for k, v in value.items()]}
        return value

    def open(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.open(v) for v in value]
        if isinstance(value, dict) and "handle" in value:
            return self.handles[value["handle"]]
        if isinstance(value, dict):
            return {k: self.open(v) for k, v in value["dict"]}
        return value


def press_in(python: str, world: World, config: Path, folder: Path, action: str) -> str:
    """Run the menu script in a Python; what it printed."""
    line = 'INSTALLED_CONFIG = None  # set by "filmrestore resolve install"'
    text = menu_script(action).replace(line, f"INSTALLED_CONFIG = {str(config)!r}")
    script = folder / f"{action}.py"
    script.write_text(FAR_SIDE + text, "utf-8")
    streams = f'3>&1 4<&0 1>"{folder}/said" 2>&1 </dev/null'
    shell = f'exec "{python}" -I "{script}" {streams}'
    near = NearSide(world)
    with subprocess.Popen(
        ["/bin/sh", "-c", shell],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        env={"LC_ALL": "C", "HOME": str(folder), "PATH": "/usr/bin:/bin"},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(dir(world.resolve)) + "\n")
        process.stdin.flush()
        for asked in process.stdout:
            process.stdin.write(near.answer(asked) + "\n")
            process.stdin.flush()
    return (folder / "said").read_text("utf-8", "backslashreplace")


@pytest.mark.parametrize("version", ["3.6", *(pytest.param(v, marks=pytest.mark.slow) for v in (
    "3.7", "3.8", "3.9", "3.10", "3.12", "3.13", "3.14"))])  # fmt: skip
def test_the_whole_job_inside_another_python(version: str, footage: Any, tmp_path: Path) -> None:
    found = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"no Python {version} here")
    world = World()
    world.add_item(footage.clip(world), 86410, 4, 3, color="Orange")
    before = world.state()
    config = tmp_path / "filmrestore_resolve.json"
    jobs = tmp_path / "Aufträge"
    jobs.mkdir()
    command = [sys.executable, "-m", "filmrestore_core"]
    config.write_text(json.dumps({"renderer": command, "jobs_folder": str(jobs)}), "utf-8")
    settings = json.dumps({"changes": {"detect.detector": "classical"}})
    (jobs / "filmrestore_settings.json").write_text(settings, "utf-8")

    said = press_in(str(found[0]), world, config, tmp_path, "restore")
    assert "placed on V2" in said, said
    assert [item.shows() for item in world.our_items()] == [[1004, 1005, 1006, 1007]]
    assert "Removed 1 clip" in press_in(str(found[0]), world, config, tmp_path, "remove")
    assert world.state() == before
    assert world.wire.misuses == []
