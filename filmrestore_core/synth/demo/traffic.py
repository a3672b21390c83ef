"""What moves in the street: the tram, people, pigeons."""

from __future__ import annotations

import numpy as np

from filmrestore_core.synth.demo.paint import lettering, plain, value_noise
from filmrestore_core.synth.demo.raycast import Array, Block, Capsule, Paint, Primitive, Surface


def tram(x: float, z: float) -> list[Primitive]:
    """A motor car of two axles; x is its driving end."""
    length, front_z, back_z = 9.6, z - 1.1, z + 1.1
    found: list[Primitive] = [
        Block((x, 0.75, front_z), (x + length, 3.05, back_z), _tram_side(length)),
        Block(
            (x + 0.15, 3.05, front_z + 0.08), (x + length - 0.15, 3.2, back_z - 0.08), plain(0.6)
        ),
        Block(
            (x + 1.4, 3.2, front_z + 0.5), (x + length - 1.4, 3.42, back_z - 0.5), plain(0.45, 0.1)
        ),
        Block(
            (x + 1.3, 0.28, front_z + 0.18), (x + length - 1.3, 0.75, back_z - 0.18), plain(0.05)
        ),
        Block((x - 0.25, 0.55, front_z + 0.3), (x, 0.75, back_z - 0.3), plain(0.1)),
        Block(
            (x + length, 0.55, front_z + 0.3), (x + length + 0.25, 0.75, back_z - 0.3), plain(0.1)
        ),
    ]
    sign = lettering("5  STADTPARK", 0.05, 0.75, 3.0, 0.34)
    found.append(Block((x + 3.3, 3.06, front_z - 0.04), (x + 6.3, 3.4, front_z + 0.02), sign))
    for along in (2.2, 7.4):
        for side in (front_z + 0.50, back_z - 0.50):
            wheel = (x + along, 0.38, side)
            found.append(Capsule(wheel, wheel, 0.38, plain(0.12, 0.2, 12)))
    found += [
        Capsule((x + 4.4, 3.4, z), (x + 2.2, 5.35, z), 0.03, plain(0.08)),
        Capsule((x + 2.2, 5.35, z - 0.5), (x + 2.2, 5.35, z + 0.5), 0.035, plain(0.1)),
    ]
    return found


def _tram_side(length: float) -> Paint:
    def paint(surface: Surface) -> Array:
        side = np.abs(surface.normals[:, 2]) > 0.5
        u = np.where(side, surface.local[:, 0], surface.local[:, 2])
        v = surface.local[:, 1]
        bay = np.float32(length / 8)
        number = np.floor(u / bay)
        x = u / bay - number
        body = np.where(v < 1.02, np.float32(0.20), np.float32(0.66))
        body = np.where(np.abs(v - 1.05) < 0.035, np.float32(0.85), body)
        body = np.where((v < 0.10) | (np.abs(v - 0.52) < 0.012), body * 0.5, body)
        if np.any(~side):
            body = np.where(side, body, _tram_front(u - 1.1, v, body))
        dust = 0.86 + 0.22 * value_noise(u * 2.2, v * 2.2, 41, 4)
        pane = (x > 0.09) & (x < 0.91) & (v > 1.16) & (v < 1.98)
        # Sky and houses across the street in the glass; heads behind it.
        slide = surface.points[:, 0] * np.float32(0.35) + v * np.float32(0.8)
        glass = 0.06 + 0.30 * np.clip(value_noise(slide, v * 0.8, 17, 3) - 0.42, 0, 1) * 2
        head = np.hypot((x - 0.5) * bay, v - 1.42) < 0.13
        shoulders = (np.hypot((x - 0.5) * bay * 0.8, v - 1.1) < 0.25) & (v < 1.35)
        seat = np.where(
            (number.astype(np.int32) * 7) % 3 > 0, head | shoulders, np.zeros(x.shape, bool)
        )
        glass = np.where(seat, glass * 0.35 + 0.02, glass)
        glass = np.where((v > 1.90) | (np.abs(v - 1.76) < 0.012), glass * 0.4 + 0.1, glass)
        door = (number == 0) | (number == 7)
        low_pane = door & (x > 0.16) & (x < 0.84) & (v > 0.3) & (v < 1.98)
        tone = np.where(side & (pane | low_pane), glass, body * dust)
        leaf = side & door & (np.abs(x - 0.5) < 0.025) & (v < 2.05)
        return np.asarray(np.where(leaf, np.float32(0.12), tone), np.float32)

    return paint


def _tram_front(u: Array, v: Array, body: Array) -> Array:
    """The driver's end; u is measured from its middle."""
    panes = (np.abs(u) < 0.92) & (np.abs(np.abs(u) - 0.33) > 0.04) & (v > 1.12) & (v < 1.98)
    driver = (np.hypot(u - 0.1, v - 1.55) < 0.14) | ((np.abs(u - 0.1) < 0.24) & (v < 1.4))
    glass = 0.16 + 0.16 * np.clip((v - 1.3) + 0.3 * u, 0, 1)
    tone = np.where(panes, np.where(driver, np.float32(0.05), glass), body)
    plate = (np.abs(u) < 0.34) & (np.abs(v - 2.17) < 0.11)
    ink = (np.abs(u) < 0.06) & (np.abs(v - 2.17) < 0.075)
    tone = np.where(plate, np.where(ink, np.float32(0.04), np.float32(0.8)), tone)
    lamp = np.hypot(u, v - 0.74)
    tone = np.where(lamp < 0.17, np.float32(0.35), tone)
    return np.asarray(np.where(lamp < 0.13, np.float32(0.95), tone), np.float32)


def walker(
    x: float,
    z: float,
    time: float,
    *,
    facing: int,
    coat: float,
    hat: bool,
    phase: float,
) -> list[Primitive]:
    """Someone who walks along x; a step takes about twelve frames."""
    stride = np.sin(2 * np.pi * time / 12 + phase)
    bob = 0.02 * np.cos(4 * np.pi * time / 12 + 2 * phase)
    cloth, skin, shoe = plain(coat, 0.35, 9), plain(0.32, 0.1), plain(0.03)
    hip, neck = 0.92 + bob, 1.45 + bob
    found: list[Primitive] = []
    for sign in (1, -1):
        swing = sign * stride
        side = z + 0.09 * sign
        knee = (x + facing * (0.14 * swing + 0.05), 0.5 + bob, side)
        lift = 0.07 * max(0.0, -swing)
        foot = (x + facing * (0.30 * swing - 0.03), 0.07 + lift, side)
        toe = (foot[0] + facing * 0.14, 0.05 + lift, side)
        found += [
            Capsule((x, hip, side), knee, 0.095, cloth),
            Capsule(knee, foot, 0.07, cloth),
            Capsule(foot, toe, 0.05, shoe),
        ]
        elbow = (x - facing * 0.14 * swing, 1.17 + bob, z + 0.23 * sign)
        hand = (elbow[0] - facing * (0.12 * swing - 0.08), 0.93 + bob, z + 0.25 * sign)
        found += [
            Capsule((x, neck - 0.06, z + 0.18 * sign), elbow, 0.06, cloth),
            Capsule(elbow, hand, 0.05, cloth),
            Capsule(hand, hand, 0.05, skin),
        ]
    found += [
        Capsule((x, hip, z), (x, neck - 0.14, z), 0.165, cloth),
        Capsule((x, neck - 0.1, z - 0.15), (x, neck - 0.1, z + 0.15), 0.085, cloth),
        Capsule((x, hip - 0.32, z), (x, hip + 0.1, z), 0.185, cloth),
        Capsule((x, neck + 0.02, z), (x, neck + 0.1, z), 0.06, skin),
        Capsule((x + 0.01 * facing, neck + 0.2, z), (x, neck + 0.24, z), 0.105, skin),
    ]
    if hat:
        top = neck + 0.30
        found += [
            Capsule((x - 0.17, top, z), (x + 0.17, top, z), 0.028, plain(0.05)),
            Capsule((x, top, z - 0.15), (x, top, z + 0.15), 0.028, plain(0.05)),
            Capsule((x - 0.02, top + 0.04, z), (x + 0.02, top + 0.09, z), 0.1, plain(0.06)),
        ]
    else:
        found.append(
            Capsule((x - 0.02 * facing, neck + 0.26, z), (x, neck + 0.27, z), 0.11, plain(0.06))
        )
    return found


def pigeons(time: float) -> list[Primitive]:
    """Pigeons that cross quickly: small, dark, gone in a few frames, and no dirt at all."""
    found: list[Primitive] = []
    for i, (x, y, z, vx, vy) in enumerate(
        [
            (-5.0, 7.6, 5.0, 0.62, 0.05),
            (-5.9, 8.2, 5.4, 0.60, 0.07),
            (-6.6, 7.3, 5.2, 0.65, 0.03),
            (19.0, 9.5, 6.0, -0.66, -0.04),
        ]
    ):
        body = np.array([x + vx * time, y + vy * time + 0.05 * np.sin(time + i), z])
        flap = 0.16 * np.sin(2.4 * time + 1.7 * i)
        tail = body - np.array([0.16 * np.sign(vx), 0.0, 0.0])
        feather = plain(0.1, 0)
        found.append(Capsule(tuple(tail), tuple(body), 0.055, feather))
        for side in (-1, 1):
            tip = body + np.array([-0.05, flap, 0.3 * side])
            found.append(Capsule(tuple(body), tuple(tip), 0.04, feather))
    return found
