"""Surfaces of the street: stone, plaster, windows, cobbles, leaves, lettering."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.noise import generator
from filmrestore_core.synth.demo.raycast import Array, Paint, Surface

# Random numbers for whole places; repeats after so many, which is beyond the street.
_SIDE = 1024


@lru_cache(maxsize=1)
def _table() -> Array:
    return generator(0, "lattice").random(_SIDE * _SIDE, dtype=np.float32)


def lattice(x: NDArray[np.int32], y: NDArray[np.int32], seed: int) -> Array:
    """A number 0 to 1 for each whole place."""
    row = (y + np.int32(seed * 367)) & np.int32(_SIDE - 1)
    column = (x + np.int32(seed * 631)) & np.int32(_SIDE - 1)
    return _table()[row * np.int32(_SIDE) + column]


def cells(u: Array, v: Array, seed: int) -> Array:
    """A number 0 to 1 for the unit cell that each place lies in."""
    return lattice(np.floor(u).astype(np.int32), np.floor(v).astype(np.int32), seed)


def value_noise(u: Array, v: Array, seed: int, octaves: int = 1) -> Array:
    """Smooth noise 0 to 1 with features of about one unit; octaves add finer ones."""
    total, weight = np.zeros(np.broadcast(u, v).shape, np.float32), 0.0
    for octave in range(octaves):
        scale, share = np.float32(2**octave), 0.5**octave
        x, y = u * scale, v * scale
        ix, iy = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
        fx, fy = x - ix, y - iy
        fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
        s = seed + 101 * octave
        top_left, low_left = lattice(ix, iy, s), lattice(ix, iy + 1, s)
        top = top_left + (lattice(ix + 1, iy, s) - top_left) * fx
        low = low_left + (lattice(ix + 1, iy + 1, s) - low_left) * fx
        total += np.float32(share) * (top + (low - top) * fy)
        weight += share
    return np.asarray(total / np.float32(weight), np.float32)


def plain(tone: float, rough: float = 0.05, scale: float = 8.0, seed: int = 0) -> Paint:
    """One tone with a little unevenness."""

    def paint(surface: Surface) -> Array:
        u = surface.local[:, 0] + np.float32(0.7) * surface.local[:, 2]
        grain = value_noise(u * scale, surface.local[:, 1] * scale, seed, 3)
        return np.asarray(tone * (1 + rough * (2 * grain - 1)), np.float32)

    return paint


def leaves(seed: int) -> Paint:
    """Foliage: clumps of light and dark."""

    def paint(surface: Surface) -> Array:
        p = surface.points
        clump = value_noise(3.1 * p[:, 0] + p[:, 2], 3.1 * p[:, 1] + p[:, 2], seed, 2)
        leaf = cells(17 * p[:, 0] + 5 * p[:, 2], 17 * p[:, 1] + 3 * p[:, 2], seed + 1)
        return np.asarray(0.05 + 0.30 * clump * (0.3 + leaf), np.float32)

    return paint


def leafy(points: Array) -> NDArray[np.bool_]:
    """Where foliage is, so that light falls through the rest."""
    u = 15 * points[:, 0] + 5 * points[:, 2]
    v = 15 * points[:, 1] - 4 * points[:, 2]
    return np.asarray(value_noise(u, v, 6, 2) > 0.5)


def bricks(u: Array, v: Array, tone: float, seed: int) -> Array:
    """Running bond, bricks of 25 x 8 cm, light mortar, each brick its own tone."""
    row = np.floor(v / np.float32(0.08))
    along = u / np.float32(0.25) + np.float32(0.5) * (row % 2)
    own = lattice(np.floor(along).astype(np.int32), row.astype(np.int32), seed)
    joint = (v / np.float32(0.08) - row < 0.14) | (along - np.floor(along) < 0.05)
    return np.where(joint, np.float32(min(1, tone * 1.35)), tone * (0.75 + 0.5 * own))


def plaster(u: Array, v: Array, tone: float, seed: int) -> Array:
    """Old render with rain streaks and patches."""
    patch = value_noise(u * 0.5, v * 0.5, seed, 4)
    streak = value_noise(u * 5, v * 0.35, seed + 9, 3)
    fine = value_noise(u * 28, v * 28, seed + 5, 2)
    return np.asarray(
        tone * (0.78 + 0.24 * patch + 0.16 * streak + 0.14 * (fine - 0.5)), np.float32
    )


def ground(surface: Surface) -> Array:
    """Cobbles in the roadway, slabs on the pavement, rails of the tram."""
    x, z = surface.points[:, 0], surface.points[:, 2]
    row = np.floor(z / np.float32(0.16))
    along = x / np.float32(0.22) + np.float32(0.37) * (row % 3)
    own = lattice(np.floor(along).astype(np.int32), row.astype(np.int32), 3)
    du, dv = along - np.floor(along) - 0.5, z / np.float32(0.16) - row - 0.5
    dome = np.clip(1.25 - 2.2 * (du * du + dv * dv) * 2, 0.25, 1.1)
    worn = value_noise(x * 0.4, z * 0.4, 12, 4)
    stone = 0.21 * dome * (0.7 + 0.6 * own) * (0.7 + 0.6 * worn)
    near_rail = np.zeros(x.shape, bool)
    groove = np.zeros(x.shape, bool)
    for rail in (3.28, 4.72, 6.28, 7.72):
        near_rail |= np.abs(z - rail) < 0.045
        groove |= np.abs(z - rail - 0.06) < 0.02
    stone = np.where(near_rail, np.float32(0.62), np.where(groove, np.float32(0.04), stone))
    slab_u, slab_v = x / np.float32(0.9), z / np.float32(0.6)
    slab = 0.33 * (0.82 + 0.25 * cells(slab_u, slab_v, 8)) * (0.8 + 0.4 * worn)
    gap = (slab_u - np.floor(slab_u) < 0.03) | (slab_v - np.floor(slab_v) < 0.045)
    slab = np.where(gap, np.float32(0.12), slab)
    curb = np.abs(z - 9.1) < 0.12
    paved = np.where(curb, np.float32(0.42), slab)
    return np.asarray(np.where((z > 9.0) | (z < 0.0), paved, stone), np.float32)


def lettering(text: str, ink: float, paper: float, length: float, height: float) -> Paint:
    """A signboard, lettered on its front."""
    import cv2

    rows, columns = 96, int(96 * length / height)
    board = np.zeros((rows, columns), np.uint8)
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1.0, 2)
    scale = min(0.86 * columns / w, 0.62 * rows / h)
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, scale, 5)
    place = ((columns - w) // 2, (rows + h) // 2)
    cv2.putText(board, text, place, cv2.FONT_HERSHEY_DUPLEX, scale, 255, 5, cv2.LINE_AA)
    letters = np.asarray(cv2.GaussianBlur(board, (0, 0), 1.0), np.float32) / np.float32(255)

    def paint(surface: Surface) -> Array:
        u, v = surface.local[:, 0] / length, 1 - surface.local[:, 1] / height
        column = np.clip(u * columns, 0, columns - 1).astype(np.int32)
        row = np.clip(v * rows, 0, rows - 1).astype(np.int32)
        cover = np.where(surface.normals[:, 2] < -0.5, letters[row, column], np.float32(0))
        worn = 0.85 + 0.3 * value_noise(surface.local[:, 0] * 6, surface.local[:, 1] * 6, 4, 3)
        return np.asarray((paper + (ink - paper) * cover) * worn, np.float32)

    return paint


def facade(
    *,
    tone: float,
    brick: bool,
    bay: float,
    storey: float,
    ground_floor: float,
    seed: int,
) -> Paint:
    """A house front with windows in bays and storeys, a shop below; plain on its other sides.

    Args:
        tone: share of light that the wall gives back.
        brick: bricks or plaster.
        bay: distance of the windows, m.
        storey: height of a floor, m.
        ground_floor: height of the shop's floor, m.
        seed: chooses curtains and weathering.
    """

    def paint(surface: Surface) -> Array:
        u = np.where(
            np.abs(surface.normals[:, 2]) > 0.5, surface.local[:, 0], surface.local[:, 2] + 3.3
        )
        v = surface.local[:, 1]
        wall = (bricks if brick else plaster)(u, v, tone, seed)
        wall = wall * (0.82 + 0.2 * value_noise(u * 0.9, v * 0.25, seed + 3, 3))
        front = np.abs(surface.normals[:, 2]) > 0.5
        above = v - np.float32(ground_floor)
        up = above >= 0
        storeys, bays = np.floor(above / storey), np.floor(u / bay)
        x, y = u - bays * bay, above - storeys * storey
        tone_here = _window(x / bay, y / storey, bays, storeys, wall, seed)
        band = (y < 0.10) | (above < 0.22)
        tone_here = np.where(band, wall * 1.18, tone_here)
        shop = _shop(u / (2 * bay), v / ground_floor, wall, seed)
        return np.asarray(np.where(front, np.where(up, tone_here, shop), wall), np.float32)

    return paint


def _window(x: Array, y: Array, bays: Array, storeys: Array, wall: Array, seed: int) -> Array:
    """One bay of one storey; x and y 0 to 1 in it."""
    own = lattice(bays.astype(np.int32), storeys.astype(np.int32), seed + 31)
    result = wall.copy()
    surround = (np.abs(x - 0.5) < 0.31) & (y > 0.20) & (y < 0.86)
    result = np.where(surround, wall * 1.25, result)
    sill = (np.abs(x - 0.5) < 0.35) & (np.abs(y - 0.225) < 0.025)
    result = np.where(sill, np.minimum(wall * 1.6, 0.8), result)
    under = (np.abs(x - 0.5) < 0.34) & (y > 0.15) & (y < 0.20)
    result = np.where(under, wall * 0.55, result)
    opening = (np.abs(x - 0.5) < 0.24) & (y > 0.25) & (y < 0.80)
    glass = 0.05 + 0.10 * own + 0.10 * np.clip((y - 0.4) * 1.5, 0, 1)
    curtain = (np.abs(x - 0.5) > 0.10 + 0.1 * own) & (own > 0.35)
    folds = 0.30 + 0.06 * np.sin(x * 150 + 9 * own)
    glass = np.where(curtain, folds, glass)
    blind = (y > 0.80 - 0.5 * (own - 0.6)) & (own > 0.72)
    glass = np.where(blind, 0.42 + 0.03 * np.sin(y * 220), glass)
    bars = (np.abs(x - 0.5) < 0.014) | (np.abs(y - 0.60) < 0.013) | (np.abs(x - 0.5) > 0.222)
    bars |= (y < 0.268) | (y > 0.782)
    glass = np.where(bars, np.float32(0.62), glass)
    # The reveal is in its own shadow at the top and on the sun's side.
    glass = np.where((y > 0.765) | (x < 0.285), glass * 0.35, glass)
    return np.where(opening, glass, result)


def _shop(x: Array, y: Array, wall: Array, seed: int) -> Array:
    """The ground floor: wide panes between pilasters, a door in every third."""
    number = np.floor(x)
    own = lattice(number.astype(np.int32), np.zeros(x.shape, np.int32), seed + 57)
    x = x - number
    pane = (np.abs(x - 0.5) < 0.40) & (y > 0.16) & (y < 0.74)
    goods = value_noise(x * 14 + 31 * own, y * 9, seed + 71, 3)
    inside = 0.05 + 0.30 * np.clip(goods - 0.42, 0, 1) * (y < 0.45) + 0.10 * (y > 0.6)
    reflection = 0.10 * np.clip(
        value_noise(x * 3 + number, y * 2 + 0.7 * x, seed + 5, 2) - 0.4, 0, 1
    )
    frame = (np.abs(x - 0.5) > 0.385) | (y < 0.185) | (y > 0.715) | (np.abs(x - 0.5) < 0.01)
    glass = np.where(frame, np.float32(0.16), inside + reflection)
    door = (np.abs(x - 0.24) < 0.11) & (y < 0.74) & (own > 0.5)
    panel = (np.abs(x - 0.24) < 0.075) & (y > 0.3) & (y < 0.68)
    leaf = np.where(panel, np.float32(0.07), np.float32(0.2))
    result = np.where(pane, glass, wall * np.where(y < 0.16, 0.6, 0.95))
    return np.where(door, leaf, result)
