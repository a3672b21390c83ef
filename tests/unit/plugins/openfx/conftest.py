"""Pictures and hosts for the node's tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core import Box, Frame, MemoryClip, Part, PixelFormat
from filmrestore_core.testing.scenes import moving_scene
from filmrestore_openfx.testing import HostPicture

# The classical detector and fill, one neighbour on each side: the node does the same around all.
QUICK = {"detector": 2, "repairMethod": 2, "temporalRadius": 1}

Scene = dict[int, NDArray[np.float32]]


@pytest.fixture(scope="session")
def damaged() -> Scene:
    """Eleven small frames, (H, W, 3) float32, with a dark and a bright chip on each second one."""
    clean = moving_scene(
        range(1, 12), channels=3, height=64, width=96, velocity=(0.5, 0.0), specks=0, seed=3
    ).clean
    y, x = np.mgrid[0:64, 0:96]
    for number, picture in clean.items():
        if number % 2 == 0:
            across = number * 2
            picture[(x - 12 - across) ** 2 + (y - 20 - number) ** 2 <= 8] = 0.02
            picture[(x - 60 - across) ** 2 + (y - 48 + number) ** 2 <= 8] = 0.98
    return clean


@pytest.fixture(scope="session")
def quick() -> dict[str, Any]:
    return dict(QUICK)


def rgba(picture: NDArray[Any], alpha: float = 1.0) -> NDArray[Any]:
    full = np.full(picture.shape[:2], alpha, picture.dtype)
    return np.dstack([picture, full]).astype(picture.dtype)


@pytest.fixture(scope="session")
def source(damaged: Scene) -> dict[float, HostPicture]:
    """The scene as a host's float RGBA clip."""
    return {float(n): HostPicture(rgba(p)) for n, p in damaged.items()}


@pytest.fixture(scope="session")
def memory_clip() -> Callable[[Scene], MemoryClip]:
    """The same frames as somebody with Python would hold them."""

    def clip(pictures: Scene) -> MemoryClip:
        frames = []
        for number, picture in pictures.items():
            box = Box.of_size(picture.shape[1], picture.shape[0])
            names = "RGBA"[: picture.shape[2]]
            planes = {c: np.ascontiguousarray(picture[..., i]) for i, c in enumerate(names)}
            formats = dict.fromkeys(planes, PixelFormat.of(picture.dtype))
            frames.append(Frame(number, (Part("", planes, formats, box, box),)))
        return MemoryClip(frames)

    return clip
