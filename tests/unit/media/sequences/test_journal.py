from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from filmrestore_core.media.journal import Journal, journal_path


def _open(folder: Path) -> Journal:
    journal = Journal(journal_path(folder, "a.####.exr"))
    journal.read_new()
    return journal


def _append(journal: Journal, number: int, **extra: object) -> None:
    journal.append(number, key=f"key {number}", size=1, mtime_ns=2, digest="d", extra=extra)


def test_entries_come_back(tmp_path: Path) -> None:
    _append(_open(tmp_path), -7, report={"text": "Größe \udcff", "list": [1, 2]})
    journal = _open(tmp_path)
    entry = journal.get(-7)
    assert entry is not None
    assert (entry.key, entry.size, entry.mtime_ns, entry.digest) == ("key -7", 1, 2, "d")
    assert journal.extra(-7) == {"report": {"text": "Größe \udcff", "list": [1, 2]}}
    assert journal.get(8) is None
    assert journal.extra(8) is None


def test_the_last_line_of_a_frame_counts(tmp_path: Path) -> None:
    journal = _open(tmp_path)
    _append(journal, 1, n=1)
    _append(journal, 1, n=2)
    assert journal.extra(1) == {"n": 2}
    assert _open(tmp_path).extra(1) == {"n": 2}


def test_lines_of_another_process_are_seen(tmp_path: Path) -> None:
    mine, other = _open(tmp_path), _open(tmp_path)
    _append(other, 1, n=1)
    _append(mine, 2, n=2)
    mine.read_new()
    assert mine.extra(1) == {"n": 1}
    assert mine.extra(2) == {"n": 2}


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_last_line_is_passed_over_and_the_next_one_is_whole(
    tmp_path: Path, cut: int
) -> None:
    journal = _open(tmp_path)
    _append(journal, 1)
    _append(journal, 2)
    data = journal.path.read_bytes()
    journal.path.write_bytes(data[:-cut])
    after = _open(tmp_path)
    assert after.get(1) is not None
    # Without its line end the last line may still be being written.
    assert after.get(2) is None
    _append(after, 3)
    again = _open(tmp_path)
    assert again.get(1) is not None
    assert again.get(3) is not None
    assert (again.get(2) is not None) == (cut == 1)


def test_garbage_is_passed_over(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "a.####.exr")
    good = {"journal": 1, "frame": 5, "key": "k", "size": 1, "mtime_ns": 1, "digest": "",
            "extra": {}}  # fmt: skip
    lines = [
        b"\x00\xff garbage",
        b"[1, 2]",
        b"[" * 100_000,
        json.dumps({**good, "journal": 2, "frame": 1}).encode(),
        json.dumps({**good, "frame": "x"}).encode(),
        json.dumps({k: v for k, v in good.items() if k != "key"}).encode(),
        json.dumps(good).encode(),
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    journal = _open(tmp_path)
    assert journal.get(5) is not None
    assert journal.get(1) is None


def test_forgotten_entries_do_not_count_but_new_ones_do(tmp_path: Path) -> None:
    _append(_open(tmp_path), 1)
    journal = Journal(journal_path(tmp_path, "a.####.exr"))
    journal.forget()
    journal.read_new()
    assert journal.get(1) is None
    _append(journal, 2)
    assert journal.get(2) is not None


def test_many_threads_and_handles_append_whole_lines(tmp_path: Path) -> None:
    handles = [_open(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: _append(handles[n % 4], n, text="x" * 5000), range(60)))
    journal = _open(tmp_path)
    assert all(journal.extra(n) == {"text": "x" * 5000} for n in range(60))
    assert len(journal.path.read_bytes().splitlines()) == 60


def test_a_long_name_gets_a_journal(tmp_path: Path) -> None:
    path = journal_path(tmp_path, "ü" * 120 + ".####.exr")
    assert len(os.fsencode(path.name)) < 255
    Journal(path).close()
    assert path.exists()
