from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from filmrestore_core.errors import UnreadableFrameError
from filmrestore_core.media.byte_copy import copy_bytes
from filmrestore_core.media.owner import Owner
from filmrestore_core.media.temp_file import remove_left_behind, temp_beside


def test_a_temp_file_is_hidden_beside_its_target_and_ends_alike(tmp_path: Path) -> None:
    target = tmp_path / "a b.0001.exr"
    with temp_beside(target) as temp:
        assert temp.parent == tmp_path
        assert temp.name.startswith(".a b.0001.exr.")
        assert temp.suffix == ".exr"
        assert temp.stat().st_size == 0
        with temp_beside(target) as other:
            assert other != temp
    assert list(tmp_path.iterdir()) == []


def test_it_goes_when_the_block_fails_and_stays_when_renamed(tmp_path: Path) -> None:
    target = tmp_path / "a.0001.exr"

    def fail() -> None:
        with temp_beside(target) as temp:
            temp.write_bytes(b"half")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert list(tmp_path.iterdir()) == []
    with temp_beside(target) as temp:
        temp.write_bytes(b"whole")
        os.replace(temp, target)
    assert target.read_bytes() == b"whole"


def test_the_longest_names_have_temp_files(tmp_path: Path) -> None:
    with temp_beside(tmp_path / ("ü" * 120 + ".0001.exr")) as temp:
        assert temp.suffix == ".exr"


def test_only_what_dead_processes_of_this_machine_left_is_removed(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    me = Owner.me()
    left = tmp_path / f".a.0001.exr.{me.host}.{child.pid}.0123abcd.exr"
    keep = [
        tmp_path / f".a.0001.exr.{me.host}.{me.pid}.0123abcd.exr",  # at work
        tmp_path / f".a.0001.exr.elsewhere.{child.pid}.0123abcd.exr",
        tmp_path / f".other.0001.exr.{me.host}.{child.pid}.0123abcd.exr",
        tmp_path / "a.0001.exr",
    ]
    for path in [left, *keep]:
        path.touch()
    assert remove_left_behind(tmp_path, lambda name: name.startswith("a.")) == 1
    assert set(tmp_path.iterdir()) == set(keep)


def test_bytes_are_copied(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    for data in (b"", b"x", os.urandom(300_001)):
        source.write_bytes(data)
        target.write_bytes(b"what stood there before" * 20)
        assert copy_bytes(source, target) == len(data)
        assert target.read_bytes() == data


def test_what_is_no_file_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    target = tmp_path / "out"
    target.touch()
    for name in ("folder", "link", "none"):
        with pytest.raises(UnreadableFrameError, match=name):
            copy_bytes(tmp_path / name, target)
