"""Installing the menu script: files whole, our own only, and a doctor that tells the truth."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from pathlib import Path

import pytest

from filmrestore_core import SettingsError, UnwritableFrameError
from filmrestore_core.cli.main import run
from filmrestore_resolve.doctor import Verdict, examine
from filmrestore_resolve.install import (
    SCRIPTS,
    install,
    is_ours,
    menu_folder,
    script_text,
    uninstall,
)
from filmrestore_resolve.whole_file import write_text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation in a folder with spaces and signs beyond ASCII."""
    place = tmp_path_factory.mktemp("Fusion") / "Scrïpts x" / "Utility"
    install(place)
    return place


def test_scripts_and_config_stand_together(folder: Path) -> None:
    assert sorted(os.listdir(folder)) == sorted([*SCRIPTS, "filmrestore_resolve.json"])
    config = json.loads((folder / "filmrestore_resolve.json").read_text("utf-8"))
    assert config["renderer"] == [sys.executable, "-m", "filmrestore_core"]
    assert config["interpreter"] == sys.executable
    assert config["jobs_folder"] is None
    assert "standard" in [preset["name"] for preset in config["presets"]]
    sensitivity = next(p for p in config["params"] if p["path"] == "detect.sensitivity")
    assert (sensitivity["kind"], sensitivity["minimum"], sensitivity["maximum"]) == ("float", 0, 1)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_knows_its_config(folder: Path, name: str) -> None:
    text = (folder / name).read_text("ascii")
    line = re.search(r"^INSTALLED_CONFIG = (.*)$", text, re.MULTILINE)
    assert line is not None
    assert ast.literal_eval(line[1]) == str(folder / "filmrestore_resolve.json")
    ast.parse(text, feature_version=(3, 6))


def test_install_replaces_its_own_and_no_other(folder: Path, tmp_path: Path) -> None:
    before = {p: p.read_bytes() for p in folder.iterdir()}
    install(folder)
    assert {p: p.read_bytes() for p in folder.iterdir()} == before
    (tmp_path / "filmrestore.py").write_text("print('mine')\n")
    with pytest.raises(SettingsError, match="someone else's"):
        install(tmp_path)
    assert os.listdir(tmp_path) == ["filmrestore.py"]


def test_uninstall_removes_its_own_only(tmp_path: Path) -> None:
    config = tmp_path / "filmrestore_resolve.json"
    for name, action in SCRIPTS.items():
        (tmp_path / name).write_text(script_text(action, config))
    config.write_text(json.dumps({"kind": "another's"}))
    (tmp_path / "other.py").write_text("pass\n")
    assert {p.name for p in uninstall(tmp_path)} == set(SCRIPTS)
    assert sorted(os.listdir(tmp_path)) == ["filmrestore_resolve.json", "other.py"]
    assert uninstall(tmp_path) == ()
    assert not is_ours(tmp_path / "gone.py")


def test_a_python_without_filmrestore_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be used: "):
        install(tmp_path / "a", interpreter=tmp_path / "no python")
    assert not (tmp_path / "a").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a file as a folder")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableFrameError, match="cannot be written"):
        write_text(tmp_path / "file" / "Utility" / "filmrestore.py", "text")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("system", "all_users", "ends"),
    [
        ("linux", False, "/me/.local/share/DaVinciResolve/Fusion/Scripts/Utility"),
        ("linux", True, "/opt/resolve/Fusion/Scripts/Utility"),
        ("darwin", False, "/me/Library/Application Support/Blackmagic Design/DaVinci Resolve/"
         "Fusion/Scripts/Utility"),
        ("darwin", True, "/Library/Application Support/Blackmagic Design/DaVinci Resolve/"
         "Fusion/Scripts/Utility"),
        ("win32", False, "C:\\me\\Blackmagic Design\\DaVinci Resolve\\Support\\Fusion\\Scripts\\"
         "Utility"),
        ("win32", True, "C:\\all\\Blackmagic Design\\DaVinci Resolve\\Fusion\\Scripts\\Utility"),
    ],
)  # fmt: skip
def test_the_folder_of_each_system(system: str, all_users: bool, ends: str) -> None:
    environment = {"APPDATA": "C:\\me", "PROGRAMDATA": "C:\\all"}
    found = menu_folder(all_users=all_users, system=system, environment=environment, home="/me")
    assert str(found) == ends


def test_the_doctor_finds_a_sound_installation(folder: Path) -> None:
    found = list(examine(folder))
    assert [f for f in found if f.verdict is Verdict.FAULT] == []
    said = {f.what: f.said for f in found}
    assert said["render"] == "three tiny frames came out"
    assert "damage-unet" in said["models"]
    assert "Studio" in said["edition"]


def test_the_doctor_finds_what_is_wrong(tmp_path: Path) -> None:
    faults = [f.said for f in examine(tmp_path, render=False) if f.verdict is Verdict.FAULT]
    assert faults == ["no menu script is installed; run 'filmrestore resolve install'"]
    config = tmp_path / "filmrestore_resolve.json"
    text = script_text("restore", config)
    (tmp_path / "filmrestore.py").write_text(text.replace("Made by", "made by"))
    config.write_text(
        json.dumps({"kind": "filmrestore.resolve.config", "interpreter": str(tmp_path / "gone")})
    )
    faults = [f.what for f in examine(tmp_path, render=False) if f.verdict is Verdict.FAULT]
    assert faults == ["folder", "script", "interpreter"]


def test_commands_say_what_they_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert run(["resolve", "uninstall", "--dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("Removed: ") == 3
    assert run(["resolve", "doctor", "--no-render", "--dir", str(tmp_path)]) == 1
    assert "FAULT  menu: " in capsys.readouterr().out
