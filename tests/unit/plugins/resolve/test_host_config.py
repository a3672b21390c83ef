"""Where the renderer is looked for, what the user may choose, and the calls below all others."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from filmrestore_resolve.host.api import ask, ask_list, ask_number, ask_text, done, has
from filmrestore_resolve.host.choices import DEFAULTS, checked_choices, read_choices
from filmrestore_resolve.host.config import find_config, script_folders
from filmrestore_resolve.host.messages import Refusal
from filmrestore_resolve.host.reach import reach_from_menu, script_places


def config(path: Path, **values: Any) -> str:
    program = path.parent / "python"
    program.write_text("")
    path.write_text(json.dumps({"renderer": [str(program), "-m", "filmrestore_core"]} | values))
    return str(path)


def test_the_environment_goes_before_the_installer_before_the_menu_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    below = home / ".local/share/DaVinciResolve/Fusion/Scripts/Utility"
    below.mkdir(parents=True)
    assert str(below) == script_folders("linux", {}, str(home))[0]
    paths = [config(tmp_path / f"{n}.json", jobs_folder=f"/jobs/{n}") for n in ("env", "inst")]
    named = {"FILMRESTORE_RESOLVE_CONFIG": paths[0]}
    assert find_config(named, paths[1]).jobs_folder == "/jobs/env"
    assert find_config({}, paths[1]).jobs_folder == "/jobs/inst"
    assert find_config({}, paths[1]).command[1:] == ["-m", "filmrestore_core"]


def test_without_a_config_the_path_is_looked_through(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="filmrestore resolve install"):
        find_config({"PATH": str(tmp_path)}, None)
    program = tmp_path / "filmrestore"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_config({"PATH": str(tmp_path)}, None).command == [str(program)]
    assert find_config({"FILMRESTORE_PYTHON": "/x/python"}, None).command[0] == "/x/python"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"), ("[]", "no JSON object"), ("{}", "names no renderer"),
        ('{"renderer": ["/nowhere/python"]}', "/nowhere/python"),
        ('{"renderer": [7]}', "no renderer"),
    ],
)  # fmt: skip
def test_a_broken_config_is_named(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(Refusal, match=said):
        find_config({}, str(path))
    with pytest.raises(Refusal, match="not there any more"):
        find_config({}, str(tmp_path / "gone.json"))


@pytest.mark.parametrize("system", ["win32", "darwin", "linux"])
def test_each_system_has_its_folders(system: str) -> None:
    folders = script_folders(system, {"APPDATA": r"C:\U", "PROGRAMDATA": r"C:\P"}, "/home/me")
    assert all(folder.endswith("Utility") for folder in folders)
    places = script_places(system, {"PROGRAMDATA": r"C:\P", "PROGRAMFILES": r"C:\Program Files"})
    assert "Scripting" in places["RESOLVE_SCRIPT_API"]
    assert places["RESOLVE_SCRIPT_LIB"].endswith((".so", ".dll"))
    assert script_places(system, {"RESOLVE_SCRIPT_LIB": "/own"})["RESOLVE_SCRIPT_LIB"] == "/own"


def test_choices_are_made_and_read(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs ü"
    assert read_choices(str(jobs)) == DEFAULTS
    assert json.loads((jobs / "filmrestore_settings.json").read_text("utf-8")) == DEFAULTS
    (jobs / "filmrestore_settings.json").write_text('{"handles": 8}', "utf-8")
    assert read_choices(str(jobs)) == DEFAULTS | {"handles": 8}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"colour": "Orange"}, "no setting 'colour'"), ({"color": "Cyan"}, "it can be Orange"),
        ({"choose": "all"}, "it can be selected"), ({"handles": -1}, "whole number"),
        ({"handles": True}, "whole number"), ({"matte": "yes"}, "true or false"),
        ({"changes": []}, "names and values"), ({"output_folder": "here"}, "a whole path"),
        ({"place": None}, "it can be track"),
    ],
)  # fmt: skip
def test_a_wrong_choice_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal, match=said) as caught:
        checked_choices(given, "here")
    assert caught.value.code == 2


class Odd:
    """Answers as Resolve does on a bad day."""

    def __init__(self) -> None:
        self.asked = 0

    def Nothing(self) -> None:
        return None

    def Dict(self) -> dict[int, str]:
        return {1: "a", 2: "b"}

    def Second(self) -> Any:
        self.asked += 1
        return None if self.asked == 1 else "24.0"

    def Broken(self) -> None:
        raise RuntimeError("gone")


def test_every_call_may_answer_with_nothing() -> None:
    odd = Odd()
    assert not has(odd, "Unknown")
    assert not has(None, "Nothing")
    assert ask(odd, "Unknown") is None
    assert ask(odd, "Broken") is None
    assert ask(odd, "Nothing", 1, 2) is None
    assert ask_list(odd, "Nothing") == []
    assert ask_list(odd, "Dict") == ["a", "b"]
    assert ask_number(odd, "Second") == 24
    assert ask_text(odd, "Second") == "24.0"
    assert not done(odd, "Broken")


def test_resolve_is_found_by_any_of_the_names_it_sets() -> None:
    here = object()
    app = SimpleNamespace(GetResolve=lambda: here)
    bmd = SimpleNamespace(scriptapp=lambda name: here if name == "Resolve" else None)
    for names in ({"resolve": here}, {"app": app}, {"bmd": bmd}, {"app": None, "bmd": bmd}):
        assert reach_from_menu(names).resolve is here
    silent = SimpleNamespace(scriptapp=lambda name: None)
    with pytest.raises(Refusal, match="Workspace, Scripts"):
        reach_from_menu({"bmd": silent, "app": None})
