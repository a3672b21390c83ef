from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from filmrestore_core.errors import SettingsError, UnreadableFrameError
from filmrestore_core.learning.judge.clips import find_clips, kept_apart, series_of
from filmrestore_core.noise import generator


def _folder(root: Path, name: str, count: int) -> None:
    (root / name).mkdir(parents=True)
    for number in range(count):
        picture = generator(3, name, number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(root / name / f"{number:04d}.png"), picture)


def test_clips_that_share_a_prefix_are_one_series_but_a_collection_is_none() -> None:
    names = ["walk_a", "walk_b", "tower", *(f"set_{i}" for i in range(6))]
    found = series_of(names)
    assert found["walk_a"] == found["walk_b"] == "walk"
    assert found["tower"] == "tower"
    assert len({found[n] for n in names if n.startswith("set")}) == 6


def test_folders_with_too_few_frames_are_no_clips(tmp_path: Path) -> None:
    _folder(tmp_path, "long", 5)
    _folder(tmp_path, "short", 4)
    assert [clip.name for clip in find_clips(tmp_path)] == ["long"]


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_a_folder_without_clips_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="no clip to learn from"):
        find_clips(tmp_path / name)


def test_pictures_are_rgb_code_values(tmp_path: Path) -> None:
    (tmp_path / "red").mkdir()
    for number in range(5):
        # OpenCV writes blue first.
        cv2.imwrite(
            str(tmp_path / "red" / f"{number}.png"), np.full((3, 4, 3), (0, 51, 255), np.uint8)
        )
    (clip,) = find_clips(tmp_path)
    np.testing.assert_allclose(clip.picture(2)[1, 1], [1.0, 0.2, 0.0], atol=1e-6)


def test_a_broken_frame_is_named(tmp_path: Path) -> None:
    _folder(tmp_path, "clip", 5)
    (tmp_path / "clip" / "0003.png").write_bytes(b"no picture")
    (clip,) = find_clips(tmp_path)
    with pytest.raises(UnreadableFrameError, match=r"0003\.png"):
        clip.picture(3)


def test_the_digest_tells_any_changed_frame(tmp_path: Path) -> None:
    _folder(tmp_path, "clip", 5)
    (clip,) = find_clips(tmp_path)
    before = clip.digest
    assert before == clip.digest
    cv2.imwrite(str(clip.files[4]), np.zeros((6, 8, 3), np.uint8))
    assert clip.digest != before


def test_whole_series_are_kept_apart_and_two_stay(tmp_path: Path) -> None:
    for name in ("a_1", "a_2", "b_1", "c_1", "d_1"):
        _folder(tmp_path, name, 5)
    clips = find_clips(tmp_path)
    chosen = {seed: kept_apart(clips, 0.2, seed=seed) for seed in range(12)}
    assert chosen == {seed: kept_apart(clips, 0.2, seed=seed) for seed in range(12)}
    assert len(set(chosen.values())) > 1
    for apart in chosen.values():
        assert sum(c.series in apart for c in clips) >= 1
    assert len(kept_apart(clips, 1.0, seed=1)) == 2
    assert kept_apart(clips[:2], 0.5, seed=1) == frozenset()
