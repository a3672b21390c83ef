"""The job document: what is taken, and what is refused by which sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import filmrestore_resolve
from filmrestore_core import SettingsError
from filmrestore_resolve.job import MovieFrames, Place, SourceKind, job_of, read_job
from filmrestore_resolve.shot_plans import settings_of


def document(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kind": "filmrestore.resolve.job",
        "schema": 1,
        "project": "Film",
        "timeline": "Reel",
        "shots": [shot()],
    }
    return values | changes


def shot(**changes: Any) -> dict[str, Any]:
    source = {"kind": "sequence", "path": "/media/plate.[1001-1100].dpx"}
    return {"key": "one", "source": source, "first": 1010, "last": 1020} | changes


def test_the_smallest_job_has_every_default() -> None:
    job = job_of(document())
    assert job.settings.preset == "standard"
    assert job.output.place is Place.BESIDE_MEDIA
    assert (job.output.handles.head, job.output.handles.tail) == (0, 0)
    assert not job.output.matte
    assert job.output.movie_frames is MovieFrames.TIF
    assert job.shots[0].source.kind is SourceKind.SEQUENCE
    assert job.shots[0].source.origin == "media"
    assert job.shots[0].context.before is None


def test_the_job_of_the_description_is_taken() -> None:
    text = (Path(filmrestore_resolve.__file__).parent / "JOB.md").read_text("utf-8")
    shown = re.search(r"## `job.json`.*?```json\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    job = job_of(json.loads(shown[1]))
    assert job.shots[0].first == 1001010
    assert settings_of(job).detect.sensitivity == 0.6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shot": []}, "no key 'shot'; did you mean 'shots'"),
        ({"shots": []}, "'shots' is []"),
        ({"schema": 2}, "'schema' is 2"),
        ({"kind": "something"}, "'kind' is 'something'"),
        ({"project": 5}, "'project' is 5"),
        ({"output": {"matte": "yes"}}, "'output.matte' is 'yes'"),
        ({"output": {"handle": {}}}, "no key 'output.handle'; did you mean 'handles'"),
        ({"output": {"handles": {"head": -1}}}, "'output.handles.head' is -1"),
        ({"output": {"place": "folder"}}, "'folder' must be given"),
        ({"output": {"place": "folder", "folder": "rel/ative"}}, "must be an absolute path"),
        ({"output": {"movie_frames": "jpg"}}, "'output.movie_frames' is 'jpg'"),
        ({"shots": [shot(), shot()]}, "two shots have the key 'one'"),
        ({"shots": [shot(last=1009)]}, "'last' (1009) must not come before 'first' (1010)"),
        ({"shots": [shot(first="1010")]}, "'shots.0.first' is '1010'"),
        ({"shots": [shot(key="")]}, "'shots.0.key' is ''"),
        ({"shots": [shot(frist=1)]}, "no key 'shots.0.frist'; did you mean 'first'"),
        (
            {"shots": [shot(source={"kind": "sequence", "path": "a.####.dpx"})]},
            "'shots.0.source.path': 'a.####.dpx' must be an absolute path",
        ),
        (
            {"shots": [shot(source={"kind": "sequence", "path": "/a.####.dpx", "rate": "-24"})]},
            "must be a rate",
        ),
        ({"shots": [{"key": "one"}]}, "the key 'shots.0.source' is missing"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        job_of(document(**changes))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is no JSON document"),
        (b"\xff\xfe{", "is no JSON document"),
        (b"[]", "valid dictionary"),
    ],
)
def test_a_file_that_is_no_job_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "job.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        read_job(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_job(tmp_path / "job.json")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_text(json.dumps(document(project="Röll")), encoding="utf-8-sig")
    assert read_job(path).project == "Röll"


def test_wrong_settings_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"detect\.sensitivty"):
        settings_of(job_of(document(settings={"changes": {"detect.sensitivty": 0.5}})))
    with pytest.raises(SettingsError, match="no preset 'fast'"):
        settings_of(job_of(document(settings={"preset": "fast"})))
