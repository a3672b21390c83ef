"""Aligned windows from seeds, whose motion, grain and damage are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.matte import DamageClass, Matte
from filmrestore_core.noise import generator
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.warp import inside_share, warp_field
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow, TemporalWindow


@dataclass(frozen=True, slots=True, eq=False)
class KnownWindow:
    """An aligned window and the truth about it.

    Attributes:
        aligned: around frame `number`; its motion is the true one.
        mattes: frame number -> matte that covers the holes exactly.
        clean: (H, W, C) float32, the center without grain and damage.
        truth: (H, W, C) float32, the center with grain, without damage.
        grain: frame number -> (H, W, C) float32, what was added.
        holes: (H, W) bool, damage of the center.
        number: of the center.
    """

    aligned: AlignedWindow
    mattes: dict[int, Matte]
    clean: NDArray[np.float32]
    truth: NDArray[np.float32]
    grain: dict[int, NDArray[np.float32]]
    holes: NDArray[np.bool_]
    number: int


def known_window(
    *,
    number: int = 100,
    radius: int = 2,
    height: int = 96,
    width: int = 128,
    channels: int = 1,
    velocity: tuple[float, float] = (1.3, -0.6),
    grain: float = 0.02,
    fineness: float = 0.6,
    gain: float = 0.0,
    texture: float = 1.0,
    holes: dict[int, NDArray[np.bool_]] | None = None,
    corner: tuple[int, int] = (0, 0),
    seed: int = 0,
) -> KnownWindow:
    """A picture of smooth waves and one edge that slides by.

    Args:
        number: of the center frame.
        radius: neighbours on each side.
        height: px.
        width: px.
        channels: 1 or 3.
        velocity: (right, down) px per frame that the picture moves.
        grain: standard deviation of the grain, fresh on each frame.
        fineness: px, standard deviation of the blur of the grain.
        gain: brightness that is added per frame away from the center.
        texture: strength of the waves; 0 gives a flat gray picture with a ramp.
        holes: frame number -> (H, W) bool, where a frame is damaged.
        corner: (x, y) of the plate's box.
        seed: of everything.
    """
    box = Box(corner[0], corner[1], width, height)
    holes = holes or {}
    plates, mattes, added = {}, {}, {}
    clean = np.zeros((height, width, channels), np.float32)
    for k in range(-radius, radius + 1):
        frame = number + k
        picture = _picture(height, width, channels, velocity[0] * k, velocity[1] * k, texture)
        added[frame] = _grain(seed, frame, picture.shape, grain, fineness)
        hole = holes.get(frame, np.zeros((height, width), np.bool_))
        pixels = np.where(hole[..., None], 1.5, picture + added[frame] + abs(k) * gain)
        plates[frame] = Plate(
            frame, pixels.astype(np.float32), box, np.ones((height, width), np.bool_)
        )
        labels = hole.astype(np.uint8) * np.uint8(DamageClass.SPARKLE.label)
        mattes[frame] = Matte(frame, hole.astype(np.float32), labels, box)
        if k == 0:
            clean = picture
    others = [frame for frame in plates if frame != number]
    window = TemporalWindow(plates[number], tuple(plates[n] for n in others))
    flows = {n: np.full((height, width, 2), velocity, np.float32) * (n - number) for n in others}
    aligned = tuple(
        AlignedNeighbor(
            n,
            n - number,
            warp_field(plates[n].pixels, flow),
            inside_share(flow).astype(np.float32),
            flow,
        )
        for n, flow in flows.items()
    )
    return KnownWindow(
        AlignedWindow(window, aligned),
        mattes,
        clean,
        clean + added[number],
        added,
        holes.get(number, np.zeros((height, width), np.bool_)),
        number,
    )


def _picture(
    height: int, width: int, channels: int, right: float, down: float, texture: float
) -> NDArray[np.float32]:
    y, x = np.mgrid[:height, :width].astype(np.float64)
    x, y = x - right, y - down
    waves = 0.08 * np.sin(x / 5.0 + 0.4 * np.sin(y / 9.0)) + 0.06 * np.sin(y / 4.0 + x / 11.0)
    edge = 0.125 + 0.125 * np.tanh((x + 0.5 * y - 0.6 * width) / 1.6)
    base = 0.4 + 0.001 * x + texture * (waves + edge)
    planes = [base * scale for scale in (1.0, 0.9, 0.8)[:channels]]
    return np.stack(planes, -1).astype(np.float32)


def _grain(
    seed: int, frame: int, shape: tuple[int, ...], strength: float, fineness: float
) -> NDArray[np.float32]:
    """Gaussian noise with a Gaussian spectrum, of exactly that standard deviation."""
    white = generator(seed, frame, "known grain").normal(0.0, 1.0, shape)
    v, u = np.fft.fftfreq(shape[0]), np.fft.fftfreq(shape[1])
    fall = np.exp(-2.0 * (np.pi * fineness) ** 2 * (v[:, None] ** 2 + u[None, :] ** 2))
    soft = np.fft.ifft2(np.fft.fft2(white, axes=(0, 1)) * fall[..., None], axes=(0, 1)).real
    return np.asarray(soft / soft.std() * strength, np.float32)
