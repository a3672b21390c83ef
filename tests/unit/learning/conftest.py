"""A tiny folder of clean footage, and scenes that were made of it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from filmrestore_core.learning.samples.store import ScenePlan, SceneStore
from filmrestore_core.noise import generator

FRAMES, HIGH, WIDE = 5, 400, 540


def texture(name: str) -> np.ndarray:
    """A soft colored pattern, larger than a frame, uint8."""
    noise = generator(7, name).random((HIGH + 40, WIDE + 40, 3), np.float32)
    coarse, fine = (cv2.GaussianBlur(noise, (0, 0), sigma) for sigma in (9.0, 1.5))
    mixed = (coarse - coarse.mean()) / coarse.std() * 0.12 + (fine - 0.5) * 0.4 + 0.45
    return np.asarray(np.clip(mixed * 255, 0, 255), np.uint8)


def write_clip(folder: Path, name: str) -> None:
    """Five frames over which the pattern moves."""
    folder.mkdir(parents=True)
    whole = texture(name)
    for i in range(FRAMES):
        frame = whole[3 * i : 3 * i + HIGH, 5 * i : 5 * i + WIDE]
        cv2.imwrite(str(folder / f"{i:04d}.png"), frame)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """clean/video with three clips, clean/stills with one photograph, no damage shapes."""
    root = tmp_path_factory.mktemp("data")
    for name in ("meadow", "river", "tower"):
        write_clip(root / "clean" / "video" / name, name)
    stills = root / "clean" / "stills"
    stills.mkdir()
    for name in ("first.png", "second.png"):
        cv2.imwrite(str(stills / name), texture(name))
    return root


@pytest.fixture(scope="session")
def plan(data_folder: Path) -> ScenePlan:
    """Four scenes to learn from."""
    return ScenePlan(data_folder, ("tower",), validation=False, seed=11, count=4)


@pytest.fixture(scope="session")
def scene_root(plan: ScenePlan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders train and validation with four and two scenes; tests must not write here."""
    root = tmp_path_factory.mktemp("scenes")
    SceneStore(root / "train").make(plan, workers=1)
    kept = ScenePlan(plan.data, plan.apart, validation=True, seed=11, count=2)
    SceneStore(root / "validation").make(kept, workers=1)
    return root


@pytest.fixture
def store(scene_root: Path) -> SceneStore:
    return SceneStore(scene_root / "train")
