"""Folders of results: names every system takes, a hash of all that decides, never a source's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filmrestore_core import MediaError
from filmrestore_core.testing.sequences import write_sequence
from filmrestore_resolve.job import Handles, job_of
from filmrestore_resolve.result_folder import (
    MOST_BYTES,
    folder_name,
    refuse_source_folders,
    result_folder,
    result_hash,
    source_stamps,
)
from filmrestore_resolve.shot_source import open_source


@pytest.mark.parametrize("text", ["Reel 1", "Röll – 日本", "a.b", "x" * MOST_BYTES])
def test_a_good_name_stays(text: str) -> None:
    assert folder_name(text) == text


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a/b", "a\\b", "CON", "nul.txt", "a:", "end.", " x", "\ud800", "é" * 99]
)
def test_a_bad_name_is_changed_and_told_apart(text: str) -> None:
    name = folder_name(text)
    assert name != text
    assert name not in ("", ".", "..")
    assert not set('<>:"/\\|?*') & set(name)
    assert len(name.encode()) <= MOST_BYTES + 9


@given(st.text(), st.text())
def test_two_texts_never_share_a_folder(one: str, other: str) -> None:
    if one != other:
        assert folder_name(one) != folder_name(other)


@given(st.text())
def test_a_name_never_leaves_its_folder(text: str) -> None:
    base = Path("/base")
    assert (base / folder_name(text)).parent == base
    assert os.path.normpath(base / folder_name(text)) != str(base)


def opened(folder: Path, **shot: Any) -> Any:
    job = job_of(
        {
            "kind": "filmrestore.resolve.job",
            "schema": 1,
            "project": "P",
            "timeline": "T",
            "shots": [{"key": "k", "source": {"kind": "sequence", **shot.pop("source")}, **shot}],
        }
    )
    return job, open_source(job.shots[0], Handles(**shot.pop("handles", {})))


def test_the_hash_follows_the_sources(tmp_path: Path) -> None:
    write_sequence(tmp_path / "a.####.dpx", range(1, 9))
    path = str(tmp_path / "a.[0001-0008].dpx")
    _, source = opened(tmp_path, source={"path": path}, first=4, last=5)
    before = source_stamps(source.files_within(2))
    assert [s[0] for s in before] == [f"a.000{n}.dpx" for n in range(2, 8)]
    assert result_hash({"files": before}) == result_hash({"files": before})
    os.utime(tmp_path / "a.0008.dpx", ns=(1, 1))
    assert source_stamps(source.files_within(2)) == before
    os.utime(tmp_path / "a.0007.dpx", ns=(1, 1))
    assert result_hash({"files": source_stamps(source.files_within(2))}) != result_hash(
        {"files": before}
    )


def test_results_lie_below_the_media(tmp_path: Path) -> None:
    write_sequence(tmp_path / "a.####.dpx", range(1, 4))
    job, source = opened(tmp_path, source={"path": str(tmp_path / "a.%04d.dpx")}, first=1, last=3)
    assert result_folder(job, source, "abc") == tmp_path / "filmrestore" / "P" / "T" / "k" / "abc"


def test_a_sources_folder_is_refused_by_any_name(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "media")
    source = tmp_path / "media" / "a.0001.dpx"
    refuse_source_folders(tmp_path / "other", [source])
    for folder in (tmp_path / "media", tmp_path / "link", tmp_path / "media" / ".." / "media"):
        with pytest.raises(MediaError, match="is where the source"):
            refuse_source_folders(folder, [source])


@pytest.mark.parametrize("width", [4, 5, 6, 7])
def test_context_bounds_the_clip_whatever_the_padding(tmp_path: Path, width: int) -> None:
    write_sequence(tmp_path / f"Ä b.{'#' * width}.dpx", range(998, 1010))
    path = str(tmp_path / f"Ä b.[{998:0{width}d}-{1009:0{width}d}].dpx")
    asked = {"source": {"path": path}, "first": 1001, "last": 1003}
    _, source = opened(tmp_path, **asked)
    assert (source.clip.numbers.first, source.clip.numbers.last) == (998, 1009)
    _, source = opened(tmp_path, **asked, context={"before": 1, "after": 2})
    assert (source.clip.numbers.first, source.clip.numbers.last) == (1000, 1005)
    assert source.pattern.file_name(1001) == f"Ä b.{1001:0{width}d}.dpx"


def test_the_media_ends_where_its_name_says(tmp_path: Path) -> None:
    """Files of the folder beyond the numbers in the name are another media."""
    write_sequence(tmp_path / "a.####.dpx", range(1, 12))
    asked = {"source": {"path": str(tmp_path / "a.[0003-0009].dpx")}, "first": 4, "last": 8}
    _, source = opened(tmp_path, **asked)
    assert (source.clip.numbers.first, source.clip.numbers.last) == (3, 9)
    _, source = opened(tmp_path, **asked, context={"before": 99, "after": 99})
    assert (source.clip.numbers.first, source.clip.numbers.last) == (3, 9)


def test_handles_end_with_the_media(tmp_path: Path) -> None:
    write_sequence(tmp_path / "a.####.dpx", range(1, 9))
    job, _ = opened(tmp_path, source={"path": str(tmp_path / "a.####.dpx")}, first=3, last=7)
    source = open_source(job.shots[0], Handles(head=1, tail=5))
    assert source.numbers.format() == "2-8"
    assert (source.handles.head, source.handles.tail) == (1, 1)


def test_a_cut_outside_of_the_media_is_refused(tmp_path: Path) -> None:
    write_sequence(tmp_path / "a.####.dpx", range(1, 9))
    with pytest.raises(MediaError, match=r"3-9 lies outside of .* which has 1-8"):
        opened(tmp_path, source={"path": str(tmp_path / "a.####.dpx")}, first=3, last=9)
