"""Processes that are killed, stopped, starved of space and set against each other."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from filmrestore_core.noise import generator
from filmrestore_core.testing.sequences import write_sequence

ROOT = Path(__file__).parents[4]
CHILD = Path(__file__).with_name("writing_child.py")
EXTENSIONS = (".exr", ".dpx", ".png", ".tif")
NUMBERS = range(1, 9)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes by signals")


class Work:
    """Sources of all formats, what a clean run makes of them, and processes at work on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for extension in EXTENSIONS:
            write_sequence(folder / f"in_{extension[1:]}" / f"a.####{extension}", NUMBERS,
                           width=160, height=120)  # fmt: skip
        self.run("clean").check_returncode()
        self.clean = self.results("clean")
        assert len(self.clean) == len(EXTENSIONS) * len(NUMBERS)

    def command(
        self, out: str, *options: str, extensions: tuple[str, ...] = EXTENSIONS
    ) -> list[str]:
        pairs = [f"{self.folder}/in_{e[1:]}:{self.folder}/{out}/out_{e[1:]}" for e in extensions]
        return [sys.executable, str(CHILD), *options, *pairs]

    def start(self, out: str, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(self.command(out, *options), stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.PIPE, env=_environment())  # fmt: skip

    def run(
        self, out: str, *options: str, extensions: tuple[str, ...] = EXTENSIONS
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(out, *options, extensions=extensions), text=True,
                              capture_output=True, env=_environment(), check=False)  # fmt: skip

    def results(self, out: str) -> dict[str, bytes]:
        """Files under their final names."""
        found = (self.folder / out).glob("out_*/*")
        return {p.name: p.read_bytes() for p in found if not p.name.startswith(".")}

    def hidden(self, out: str) -> set[str]:
        """What lies about besides results and journals."""
        names = {p.name for p in (self.folder / out).glob("out_*/.*")}
        return {n for n in names if not n.startswith(".filmrestore-journal.")}

    def check_whole(self, out: str) -> None:
        for name, data in self.results(out).items():
            assert data == self.clean[name], f"{name} is not what a clean run makes"

    def check_finished(self, out: str) -> None:
        assert self.results(out) == self.clean
        assert self.hidden(out) == set()
        for extension in EXTENSIONS:
            folder = self.folder / out / f"out_{extension[1:]}"
            (journal,) = folder.glob(".filmrestore-journal.*")
            lines = [line for line in journal.read_bytes().splitlines() if b'"journal"' in line]
            assert len(lines) >= len(NUMBERS)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    return Work(tmp_path_factory.mktemp("faults"))


def _kill_and_resume(work: Work, out: str, kills: int) -> None:
    random = generator(0, "kill", out)
    made: list[str] = []
    for _ in range(kills):
        child = work.start(out)
        assert child.stdout is not None
        for _ in range(int(random.integers(0, 5))):
            line = child.stdout.readline()
            if line:
                made.append(line)
        time.sleep(float(random.random()) * 0.02)
        child.kill()
        made += child.communicate()[0].splitlines(keepends=True)
        work.check_whole(out)
    last = work.run(out)
    assert last.returncode == 0, last.stderr
    made += last.stdout.splitlines(keepends=True)
    work.check_finished(out)
    whole = [line for line in made if line.endswith("\n")]
    assert len(whole) == len(set(whole)), "a frame that was finished was made again"


def test_killed_at_any_time_it_resumes_to_the_same(work: Work) -> None:
    _kill_and_resume(work, "killed", kills=4)


@pytest.mark.slow
def test_killed_many_times(work: Work) -> None:
    for round_number in range(3):
        _kill_and_resume(work, f"killed {round_number}", kills=10)


def test_sigterm_leaves_neither_temp_files_nor_locks(work: Work) -> None:
    child = work.start("stopped", "--catch-sigterm")
    assert child.stdout is not None
    for _ in range(3):
        child.stdout.readline()
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=10)
    assert child.returncode == 143
    assert work.hidden("stopped") == set()
    work.check_whole("stopped")
    assert len(work.results("stopped")) >= 3


def test_two_processes_share_the_work(work: Work) -> None:
    # The pause makes them meet whichever starts first.
    children = [work.start("both", "--pause", "0.005") for _ in range(2)]
    said = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0, 0], said
    made = [set(out.splitlines()) for out, _ in said]
    assert not made[0] & made[1]
    assert len(made[0] | made[1]) == len(work.clean)
    work.check_finished("both")
    for extension in EXTENSIONS:
        (journal,) = (work.folder / "both" / f"out_{extension[1:]}").glob(".filmrestore-journal.*")
        assert len(journal.read_bytes().splitlines()) == len(NUMBERS)


def _slow(*extensions: str) -> list[object]:
    """All formats; these only where there is time."""
    return [pytest.param(e, marks=pytest.mark.slow) if e in extensions else e for e in EXTENSIONS]


@pytest.mark.parametrize("extension", _slow(".dpx", ".tif"))
def test_a_file_size_limit_is_told_and_leaves_nothing_half(work: Work, extension: str) -> None:
    out = f"limited{extension}"
    size = max(len(d) for n, d in work.clean.items() if n.endswith(extension))
    ended = work.run(out, "--file-size", str(size // 2), extensions=(extension,))
    assert ended.returncode == 1
    assert "UnwritableFrameError: Frame 1 " in ended.stderr
    assert "file too large" in ended.stderr.lower()
    assert f"a.0001{extension}" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert work.results(out) == {}
    assert work.hidden(out) == set()


def _may_mount() -> bool:
    unshare, mount = shutil.which("unshare"), shutil.which("mount")
    if not (unshare and mount):
        return False
    asked = [unshare, "-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("extension", _slow(".exr", ".png"))
def test_a_full_disk_is_told_and_whole_frames_stay(work: Work, extension: str) -> None:
    """On a small disk of its own; the limit of file size above is tested everywhere."""
    if not _may_mount():
        pytest.skip("this system lets us mount no small disk")
    out, kept = work.folder / f"full{extension}", work.folder / f"kept{extension}"
    out.mkdir()
    size = max(len(d) for n, d in work.clean.items() if n.endswith(extension))
    script = (
        f'mount -t tmpfs -o size={4 * size // 1024 + 40}k none "$1"; shift; kept="$1"; shift; '
        'out="$1"; shift; "$@"; code=$?; cp -R "$out" "$kept"; exit $code'
    )
    asked = ["unshare", "-rm", "sh", "-c", script, "sh", str(out), str(kept), str(out),
             *work.command(out.name, extensions=(extension,))]  # fmt: skip
    ended = subprocess.run(asked, text=True, capture_output=True, env=_environment(), check=False)
    assert ended.returncode == 1, ended.stderr
    assert "no space left on device" in ended.stderr.lower()
    assert "UnwritableFrameError: Frame " in ended.stderr
    assert work.results(kept.name), "the first frames should have fitted"
    work.check_whole(kept.name)
    assert work.hidden(kept.name) == set()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike a test's own."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_a_folder_without_permission_is_found_before_a_frame_is_read(open_folder: Path) -> None:
    pattern = write_sequence(open_folder / "in" / "a.####.dpx", [1, 2])
    for number in (1, 2):
        pattern.path(number).write_bytes(b"")
    out = open_folder / "out"
    out.mkdir(mode=0o555)
    nobody = ("--as-user", "65534") if os.geteuid() == 0 else ()
    command = [sys.executable, str(CHILD), *nobody, f"{pattern.folder}:{out}"]
    ended = subprocess.run(command, text=True, capture_output=True, env=_environment(), check=False)
    assert ended.returncode == 1
    assert "cannot be written: permission denied" in ended.stderr
    assert list(out.iterdir()) == []
