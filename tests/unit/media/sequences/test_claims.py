from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from filmrestore_core.media.claims import FOREIGN_AGE_S, Claims, OtherPurposeError
from filmrestore_core.media.owner import Owner, host_token

NAME = "a.0001.exr"


def _lock(folder: Path, **changed: object) -> Path:
    me = Owner.me()
    document = {"host": me.host, "pid": me.pid, "started": me.started, "purpose": "p", "file": NAME,
                **changed}  # fmt: skip
    path = folder / f".filmrestore-lock.{NAME}"
    path.write_text(json.dumps(document))
    return path


def _dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def _age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_one_of_two_gets_a_frame(tmp_path: Path) -> None:
    one, two = Claims(tmp_path, "p"), Claims(tmp_path, "p")
    assert one.take(NAME) is None
    holder = two.take(NAME)
    assert holder is not None
    assert holder.pid == os.getpid()
    two.release(NAME)  # it has nothing to release
    assert two.take(NAME) is not None
    one.release(NAME)
    assert two.take(NAME) is None
    two.release_all()
    assert list(tmp_path.iterdir()) == []


def test_the_lock_of_a_process_that_is_gone_is_broken(tmp_path: Path) -> None:
    _lock(tmp_path, pid=_dead_pid(), started=0.0)
    assert Claims(tmp_path, "p").take(NAME) is None


def test_the_lock_of_a_killed_child_is_broken_before_it_was_waited_for(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    _lock(tmp_path, pid=child.pid, started=0.0)
    assert Claims(tmp_path, "p").take(NAME) is not None
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # now it is a zombie
    assert Claims(tmp_path, "p").take(NAME) is None
    child.wait()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs start times of processes")
def test_a_process_that_got_a_dead_ones_number_does_not_hold_its_lock(tmp_path: Path) -> None:
    _lock(tmp_path, started=Owner.me().started - 1000)
    assert Claims(tmp_path, "p").take(NAME) is None


def test_the_lock_of_another_machine_is_held_until_it_is_old(tmp_path: Path) -> None:
    path = _lock(tmp_path, host="elsewhere", pid=_dead_pid())
    holder = Claims(tmp_path, "p").take(NAME)
    assert holder is not None
    assert holder.host == "elsewhere"
    _age(path, FOREIGN_AGE_S - 60)
    assert Claims(tmp_path, "p").take(NAME) is not None
    _age(path, FOREIGN_AGE_S + 60)
    claims = Claims(tmp_path, "p")
    assert claims.take(NAME) is None
    claims.release_all()
    assert list(tmp_path.iterdir()) == []


def test_a_refreshed_lock_stays_young(tmp_path: Path) -> None:
    claims = Claims(tmp_path, "p")
    claims.take(NAME)
    path = tmp_path / f".filmrestore-lock.{NAME}"
    _age(path, 10_000)
    claims.refresh(time.monotonic() + 1000)
    assert time.time() - path.stat().st_mtime < 100


def test_an_empty_lock_is_being_made_or_was_left(tmp_path: Path) -> None:
    path = tmp_path / f".filmrestore-lock.{NAME}"
    path.touch()
    assert Claims(tmp_path, "p").take(NAME) is not None
    _age(path, 30)
    assert Claims(tmp_path, "p").take(NAME) is None


def test_a_living_process_with_another_purpose_is_in_the_way(tmp_path: Path) -> None:
    assert Claims(tmp_path, "p").take(NAME) is None
    with pytest.raises(OtherPurposeError):
        Claims(tmp_path, "q").take(NAME)


def test_a_broken_lock_is_not_released_by_its_old_owner(tmp_path: Path) -> None:
    one, two = Claims(tmp_path, "p"), Claims(tmp_path, "p")
    one.take(NAME)
    (tmp_path / f".filmrestore-lock.{NAME}").unlink()
    two.take(NAME)
    one.release(NAME)
    assert one.take(NAME) is not None


def test_long_names_have_locks_of_their_own(tmp_path: Path) -> None:
    claims = Claims(tmp_path, "p")
    assert claims.take("x" * 240 + ".0001.exr") is None
    assert claims.take("x" * 240 + ".0002.exr") is None


def test_who_we_are() -> None:
    me = Owner.me()
    assert me.pid == os.getpid()
    assert me.host == host_token()
    assert not me.is_gone()
    assert not Owner("elsewhere", 1).is_gone()
    assert Owner(me.host, _dead_pid()).is_gone()
    assert not me.was_gone_by(time.time())


def test_locks_that_dead_processes_left_are_removed_at_the_start(tmp_path: Path) -> None:
    mine = _lock(tmp_path)
    kept = mine.rename(tmp_path / ".filmrestore-lock.kept")
    foreign = _lock(tmp_path, host="elsewhere").rename(tmp_path / ".filmrestore-lock.foreign")
    other = _lock(tmp_path, pid=_dead_pid(), started=0.0, file="b.0001.exr").rename(
        tmp_path / ".filmrestore-lock.other"
    )
    _lock(tmp_path, pid=_dead_pid(), started=0.0)
    Claims(tmp_path, "p").remove_left_behind(lambda name: name.startswith("a."))
    assert set(tmp_path.iterdir()) == {kept, foreign, other}
