"""The street: houses, a tram, people, a lamp, trees, wires, birds; where they are at a time."""

from __future__ import annotations

import numpy as np

from filmrestore_core.synth.demo.paint import (
    facade,
    ground,
    leafy,
    leaves,
    lettering,
    plain,
    value_noise,
)
from filmrestore_core.synth.demo.raycast import (
    Array,
    Block,
    Camera,
    Capsule,
    Light,
    Primitive,
    Surface,
)
from filmrestore_core.synth.demo.traffic import pigeons, tram, walker

_SUN = np.array([-0.66, 0.60, -0.42])
LIGHT = Light(tuple(_SUN / np.linalg.norm(_SUN)), sun=1.35, sky=0.27, haze=0.28)
# Metres that the tram goes in one frame, and where it is at frame 0.
TRAM_SPEED = -0.30
TRAM_START = 9.5


def camera(time: float) -> Camera:
    """The camera at a time in frames: it follows the tram, hand-held.

    Args:
        time: frames; any real number.
    """
    sway = 0.0022 * np.sin(1.1 * time) + 0.0014 * np.sin(2.7 * time + 1)
    nod = 0.0018 * np.sin(0.9 * time + 2) + 0.0011 * np.sin(3.1 * time)
    place = (-9.0 + 0.06 * time, 2.1 + 0.012 * np.sin(0.8 * time), -5.2)
    return Camera(place, 0.84 - 0.009 * time + sway, 0.085 + nod, 0.93)


def sky(ways: Array) -> Array:
    """Brightness of the sky: a gradient and fair-weather clouds."""
    height = np.maximum(ways[:, 1], 0.0)
    base = 0.80 - 0.38 * np.clip(height * 1.6, 0, 1)
    away = np.float32(1) / (height + np.float32(0.16))
    u, v = ways[:, 0] * away * 1.4, ways[:, 2] * away * 2.2
    cloud = np.clip((value_noise(u + 40, v + 7, 77, 6) - 0.47) * 4.5, 0, 1)
    shadow = value_noise(u + 40.3, v + 7.4, 77, 4)
    lit = 0.98 - 0.30 * np.clip(shadow - 0.45, 0, 1)
    return np.asarray(base * (1 - cloud) + lit * cloud, np.float32)


def primitives(time: float) -> list[Primitive]:
    """Everything that stands or moves, at a time in frames.

    Args:
        time: frames; any real number.
    """
    return [
        Block((-120, -1, -14), (120, 0, 140), ground, shadow=False),
        *_houses(),
        *_near_houses(),
        *_backdrop(),
        *tram(TRAM_START + TRAM_SPEED * time, 4.0),
        *_lamp(-3.4, -0.8),
        *_lamp(5.5, 9.6),
        *_lamp(22.5, 9.6),
        *_lamp(14.0, -0.7),
        *_tree(0.6, 10.4, 5),
        *_tree(14.6, 10.3, 9),
        *_tree(30.5, 10.3, 12),
        *_wires(),
        *walker(-2.2 - 0.066 * time, -0.9, time, facing=-1, coat=0.08, hat=True, phase=0.4),
        *walker(3.2 + 0.06 * time, 10.2, time, facing=1, coat=0.34, hat=False, phase=2.0),
        *walker(3.9 + 0.06 * time, 10.5, time, facing=1, coat=0.11, hat=True, phase=0.0),
        *walker(11.4 - 0.055 * time, 10.9, time, facing=-1, coat=0.2, hat=True, phase=1.2),
        *walker(8.2 - 0.06 * time, -1.9, time, facing=-1, coat=0.4, hat=False, phase=2.6),
        *pigeons(time),
    ]


def _houses() -> list[Primitive]:
    rows = [
        # left, width, height, depth offset, tone, brick, bay, storey
        (-30.0, 9.0, 11.5, 0.3, 0.38, False, 1.9, 3.2),
        (-20.9, 7.4, 13.4, 0.0, 0.24, True, 1.85, 3.3),
        (-13.4, 8.1, 10.6, 0.5, 0.52, False, 2.03, 3.1),
        (-5.2, 6.6, 14.2, 0.0, 0.27, True, 1.65, 3.4),
        (1.5, 7.6, 11.8, 0.4, 0.58, False, 1.9, 3.25),
        (12.9, 8.4, 12.6, 0.1, 0.30, True, 2.1, 3.3),
        (21.5, 9.0, 10.4, 0.6, 0.46, False, 1.8, 3.0),
        (30.6, 9.0, 13.0, 0.0, 0.26, True, 1.8, 3.3),
    ]
    names = [
        "BAECKEREI",
        "TABAK",
        "CAFE ZENTRAL",
        "FOTO KINO",
        "HOTEL POST",
        "UHREN",
        "BAZAR",
        "OPTIK",
    ]
    found: list[Primitive] = []
    for i, (left, width, height, back, tone, brick, bay, storey) in enumerate(rows):
        z = 12.0 + back
        shop = 3.5 + 0.1 * (i % 3)
        front = facade(
            tone=tone, brick=brick, bay=bay, storey=storey, ground_floor=shop, seed=13 * i + 5
        )
        found.append(Block((left, 0, z), (left + width, height, z + 11), front))
        stone = plain(min(0.62, tone * 1.3), 0.12, 6, i)
        found.append(
            Block((left - 0.1, height - 0.45, z - 0.45), (left + width + 0.1, height, z), stone)
        )
        found.append(Block((left, shop - 0.12, z - 0.22), (left + width, shop + 0.12, z), stone))
        board = width * 0.62
        x = left + 0.19 * width
        sign = lettering(names[i], 0.72 if i % 2 else 0.06, 0.08 if i % 2 else 0.62, board, 0.62)
        found.append(Block((x, shop - 0.86, z - 0.12), (x + board, shop - 0.24, z), sign))
        if i % 3 != 1:
            found += _awning(left + 0.4, left + width * 0.55, 2.45, z, i)
        for share in (0.2, 0.72):
            x = left + share * width
            found.append(
                Block(
                    (x, height, z + 2.2), (x + 0.75, height + 1.3, z + 3.0), plain(0.2, 0.3, 9, i)
                )
            )
        roof = plain(0.13, 0.35, 5, i)
        found.append(
            Block(
                (left + 0.15, height, z + 0.5), (left + width - 0.15, height + 0.75, z + 10), roof
            )
        )
    return found


def _near_houses() -> list[Primitive]:
    """The camera's own side of the street, from the crossing on."""
    found: list[Primitive] = []
    for i, (left, width, height, tone, brick) in enumerate(
        [
            (9.0, 8.0, 12.0, 0.44, False),
            (17.2, 9.0, 13.5, 0.25, True),
            (26.4, 14.0, 11.0, 0.5, False),
        ]
    ):
        front = facade(
            tone=tone, brick=brick, bay=2.0, storey=3.2, ground_floor=3.5, seed=300 + 7 * i
        )
        stone = plain(min(0.6, tone * 1.3), 0.12, 6, i)
        found += [
            Block((left, 0, -14), (left + width, height, -4.2), front),
            Block((left, height - 0.4, -4.2), (left + width, height, -3.75), stone),
            Block((left, 3.38, -4.2), (left + width, 3.62, -4.0), stone),
        ]
    return found


def _awning(left: float, right: float, y: float, z: float, seed: int) -> list[Primitive]:
    def stripes(surface: Surface) -> Array:
        band = np.floor((surface.points[:, 0] + 50) / np.float32(0.33)) % 2
        return np.asarray(np.where(band > 0, 0.62, 0.16 + 0.02 * (seed % 3)), np.float32)

    steps = 6
    found: list[Primitive] = []
    for i in range(steps):
        near, low = z - 0.12 - 0.22 * (i + 1), y - 0.085 * i
        found.append(Block((left, low - 0.09, near), (right, low, near + 0.22), stripes))
    return found


def _backdrop() -> list[Primitive]:
    """A church at the end of the street and roofs beside it."""
    stone = facade(tone=0.33, brick=False, bay=3.1, storey=5.5, ground_floor=2.0, seed=99)
    found: list[Primitive] = [
        Block((60, 0, 24), (66, 25.0, 30), stone),
        Block((59.7, 24.6, 23.7), (66.3, 25.5, 30.3), plain(0.45, 0.2, 3, 1)),
        Block((66, 0, 22), (90, 15.0, 32), plain(0.28, 0.3, 1.2, 2)),
        Block((70, 0, -20), (90, 11.0, 12), plain(0.30, 0.3, 1.2, 2)),
    ]
    for i in range(40):  # the spire in courses
        half = 2.7 * (1 - i / 40)
        y = 25.5 + 0.315 * i
        low, high = (63 - half, y, 27 - half), (63 + half, y + 0.315, 27 + half)
        found.append(Block(low, high, plain(0.14, 0.2, 2, i)))
    found.append(Capsule((63, 37.5, 27), (63, 40.0, 27), 0.1, plain(0.2)))
    return found


def _lamp(x: float, z: float) -> list[Primitive]:
    iron = plain(0.07, 0.3, 15)
    return [
        Capsule((x, 0, z), (x, 0.75, z), 0.11, iron),
        Capsule((x, 0.6, z), (x, 4.1, z), 0.045, iron),
        Capsule((x - 0.42, 3.75, z), (x + 0.42, 3.75, z), 0.025, iron),
        Capsule((x, 4.15, z), (x, 4.35, z), 0.13, plain(0.9, 0.02)),
        Capsule((x, 4.52, z), (x, 4.62, z), 0.17, iron),
    ]


def _tree(x: float, z: float, seed: int) -> list[Primitive]:
    rng = np.random.Generator(np.random.Philox(key=seed))
    found: list[Primitive] = [
        Capsule((x, 0, z), (x + 0.1, 2.6, z), 0.14, plain(0.12, 0.4, 10)),
        Capsule((x + 0.1, 2.4, z), (x - 0.6, 3.8, z), 0.08, plain(0.12, 0.4, 10)),
        Capsule((x + 0.1, 2.4, z), (x + 0.7, 3.9, z - 0.2), 0.07, plain(0.12, 0.4, 10)),
    ]
    for _ in range(75):
        a, up = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.75)
        spread = 1.15 * np.sqrt(rng.uniform(0.05, 1)) * np.exp(-(up**2) / 2)
        place = (x + spread * np.cos(a), 4.2 + up, z + spread * np.sin(a))
        found.append(Capsule(place, place, rng.uniform(0.14, 0.36), leaves(seed), solid=leafy))
    return found


def _wires() -> list[Primitive]:
    wire = plain(0.03, 0)
    found: list[Primitive] = [
        Capsule((-60, 5.4, 4.0), (60, 5.4, 4.0), 0.014, wire, shadow=False),
        Capsule((-60, 5.4, 7.0), (60, 5.4, 7.0), 0.014, wire, shadow=False),
    ]
    for x in (-18.0, -6.0, 7.4, 19.0):
        found.append(Capsule((x, 7.4, 12.4), (x, 5.4, 4.0), 0.010, wire, shadow=False))
        found.append(Capsule((x, 5.4, 4.0), (x + 0.4, 7.0, -12.0), 0.010, wire, shadow=False))
    return found
