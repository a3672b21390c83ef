"""A small ray caster: boxes and capsules under a sun, enough for a street."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Vector = tuple[float, float, float]

# Where a primitive begins to cast its shadow from, m; less shows as speckle.
_BIAS = 2e-3
_FAR = np.float32(1e6)


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Points of one primitive that are looked at; x right, y up, z away, m.

    Attributes:
        points: (n, 3) places in the world.
        normals: (n, 3) of unit length.
        local: (n, 3) places from the primitive's corner (box) or root (capsule).
    """

    points: Array
    normals: Array
    local: Array


Paint = Callable[[Surface], Array]
"""Surface -> (n,) float32, share of light that each point gives back."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """An upright box.

    Attributes:
        low: corner with the smallest x, y, z.
        high: corner with the largest.
        paint: its surface.
        shadow: whether it casts one.
    """

    low: Vector
    high: Vector
    paint: Paint
    shadow: bool = True

    @property
    def bounds(self) -> tuple[Vector, Vector]:
        """Smallest and largest corner."""
        return self.low, self.high

    def hit(self, origin: Array, way: Array) -> tuple[Array, Array]:
        """Distance (n,), large where it is missed, and normal (n, 3)."""
        safe = np.where(np.abs(way) < 1e-7, np.float32(1e-7), way)
        one = (np.asarray(self.low, np.float32) - origin) / safe
        two = (np.asarray(self.high, np.float32) - origin) / safe
        near, far = np.minimum(one, two), np.maximum(one, two)
        axis = near.argmax(axis=-1)
        enter, leave = near.max(axis=-1), far.min(axis=-1)
        distance = np.where((enter < leave) & (enter > 0), enter, _FAR)
        normal = np.zeros(way.shape, np.float32)
        facing = -np.sign(np.take_along_axis(safe, axis[:, None], 1))
        np.put_along_axis(normal, axis[:, None], facing.astype(np.float32), 1)
        return distance, normal

    def local(self, points: Array) -> Array:
        """Places from the low corner."""
        return points - np.asarray(self.low, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Capsule:
    """A rod with round ends; a ball where the ends meet.

    Attributes:
        root: one end of its axis.
        tip: the other.
        radius: m.
        paint: its surface.
        shadow: whether it casts one.
        solid: (n, 3) places on it -> (n,) bool, where it is not full of holes; None: everywhere.
    """

    root: Vector
    tip: Vector
    radius: float
    paint: Paint
    shadow: bool = True
    solid: Callable[[Array], NDArray[np.bool_]] | None = None

    @property
    def bounds(self) -> tuple[Vector, Vector]:
        """Smallest and largest corner."""
        ends = np.array([self.root, self.tip])
        low, high = ends.min(axis=0) - self.radius, ends.max(axis=0) + self.radius
        return (low[0], low[1], low[2]), (high[0], high[1], high[2])

    def hit(self, origin: Array, way: Array) -> tuple[Array, Array]:
        """Distance (n,), large where it is missed, and normal (n, 3)."""
        root = np.asarray(self.root, np.float32)
        axis = np.asarray(self.tip, np.float32) - root
        length = float(np.linalg.norm(axis))
        from_root = origin - root
        distance = np.full(way.shape[0], _FAR, np.float32)
        if length > 1e-6:
            unit = axis / np.float32(length)
            along_way, along_start = way @ unit, from_root @ unit
            across_way = way - along_way[:, None] * unit
            across_start = from_root - along_start[:, None] * unit
            side = _quadratic(across_start, across_way, self.radius)
            height = along_start + side * along_way
            distance = np.where((height >= 0) & (height <= length), side, _FAR)
        for end in (self.root, self.tip):
            ball = _quadratic(origin - np.asarray(end, np.float32), way, self.radius)
            distance = np.minimum(distance, ball)
        if self.solid is not None:
            full = self.solid(origin + distance[:, None] * way)
            distance = np.where(full, distance, _FAR)
        points = origin + distance[:, None] * way - root
        share = np.clip((points @ axis) / max(length**2, 1e-9), 0, 1)
        normal = (points - share[:, None] * axis) / np.float32(self.radius)
        return np.asarray(distance, np.float32), np.asarray(normal, np.float32)

    def local(self, points: Array) -> Array:
        """Places from the root."""
        return points - np.asarray(self.root, np.float32)


Primitive = Block | Capsule


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole.

    Attributes:
        place: x, y, z, m.
        pan: turned to the right, rad.
        tilt: turned up, rad.
        view: horizontal field of view, rad.
    """

    place: Vector
    pan: float
    tilt: float
    view: float

    def ways(self, width: int, height: int, shift: tuple[float, float]) -> Array:
        """(H, W, 3) unit vectors through the pixels' centres moved by `shift` px."""
        focal = width / 2 / np.tan(self.view / 2)
        x = (np.arange(width) + 0.5 + shift[0] - width / 2) / focal
        y = -(np.arange(height) + 0.5 + shift[1] - height / 2) / focal
        ways = np.stack(np.broadcast_arrays(x[None, :], y[:, None], 1.0), axis=-1)
        ways = ways @ self._axes()
        ways /= np.linalg.norm(ways, axis=-1, keepdims=True)
        return ways.astype(np.float32)

    def covers(self, bounds: tuple[Vector, Vector], width: int, height: int) -> tuple[slice, slice]:
        """Rows and columns in which a box of the world can be seen."""
        corners = _corners(bounds)
        seen = (corners - np.asarray(self.place)) @ self._axes().T
        if seen[:, 2].max() <= 0.05:
            return slice(0, 0), slice(0, 0)
        if seen[:, 2].min() <= 0.05:
            return slice(0, height), slice(0, width)
        focal = width / 2 / np.tan(self.view / 2)
        x = seen[:, 0] / seen[:, 2] * focal + width / 2
        y = -seen[:, 1] / seen[:, 2] * focal + height / 2
        top, bottom = int(np.floor(y.min())) - 2, int(np.ceil(y.max())) + 2
        left, right = int(np.floor(x.min())) - 2, int(np.ceil(x.max())) + 2
        return (
            slice(min(max(top, 0), height), min(max(bottom, 0), height)),
            slice(min(max(left, 0), width), min(max(right, 0), width)),
        )

    def _axes(self) -> NDArray[np.float64]:
        """Rows: right, up, ahead."""
        cp, sp, ct, st = np.cos(self.pan), np.sin(self.pan), np.cos(self.tilt), np.sin(self.tilt)
        return np.array([[cp, 0, -sp], [-sp * st, ct, -cp * st], [sp * ct, st, cp * ct]])


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """A sun and a sky.

    Attributes:
        toward: unit vector to the sun.
        sun: its strength.
        sky: strength of the light from everywhere.
        haze: share of the picture that turns to sky in a hundred metres.
    """

    toward: Vector
    sun: float
    sky: float
    haze: float


def render(
    camera: Camera,
    primitives: Sequence[Primitive],
    sky: Callable[[Array], Array],
    light: Light,
    *,
    width: int,
    height: int,
    shift: tuple[float, float],
) -> Array:
    """One sample for each pixel: (H, W) float32, linear light, about 1 in sunlit white.

    Args:
        camera: where from.
        primitives: what stands in the street.
        sky: (n, 3) directions -> (n,) brightness.
        light: sun and sky.
        width: px.
        height: px.
        shift: where in its pixel the sample lies, px from the centre.
    """
    ways = camera.ways(width, height, shift)
    place = np.asarray(camera.place, np.float32)
    distance = np.full((height, width), _FAR, np.float32)
    index = np.full((height, width), -1, np.int32)
    normals = np.zeros((height, width, 3), np.float32)
    for number, primitive in enumerate(primitives):
        area = camera.covers(primitive.bounds, width, height)
        if distance[area].size == 0:
            continue
        here = ways[area].reshape(-1, 3)
        hit, normal = primitive.hit(np.broadcast_to(place, here.shape), here)
        nearer = hit < distance[area].ravel()
        shape = distance[area].shape
        mask = nearer.reshape(shape)
        distance[area][mask] = hit[nearer]
        index[area][mask] = number
        normals[area][mask] = normal[nearer]
    picture = sky(ways.reshape(-1, 3)).reshape(height, width)
    solid = index >= 0
    points = place + distance[solid][:, None] * ways[solid]
    normal, what = normals[solid], index[solid]
    albedo = np.zeros(what.size, np.float32)
    for number in np.unique(what):
        mine = what == number
        primitive = primitives[number]
        surface = Surface(points[mine], normal[mine], primitive.local(points[mine]))
        albedo[mine] = primitive.paint(surface)
    sun = np.maximum(normal @ np.asarray(light.toward, np.float32), 0)
    lit = sun > 0
    sun[lit] *= ~_shaded(points[lit], normal[lit], primitives, light)
    # Light from the sky is less near the ground and on faces that look down.
    open_sky = (0.55 + 0.45 * normal[:, 1]) * np.clip(0.55 + 0.16 * points[:, 1], 0.55, 1)
    shade = albedo * (np.float32(light.sun) * sun + np.float32(light.sky) * open_sky)
    mist = 1 - np.exp(distance[solid] * np.float32(np.log(1 - light.haze) / 100))
    picture[solid] = shade * (1 - mist) + mist * np.float32(0.75)
    return np.asarray(picture, np.float32)


def _shaded(
    points: Array, normals: Array, primitives: Sequence[Primitive], light: Light
) -> NDArray[np.bool_]:
    """Whether something stands between a point and the sun."""
    toward = np.asarray(light.toward, np.float32)
    side = np.cross(toward, np.eye(3, dtype=np.float32)[int(np.abs(toward).argmin())])
    side /= np.linalg.norm(side)
    plane = np.stack([side, np.cross(side, toward)]).astype(np.float32)
    start = points + np.float32(_BIAS) * normals
    flat = start @ plane.T
    # In the order of one coordinate, a caster's points lie in one run.
    order = np.argsort(flat[:, 0], kind="stable")
    start, across, along = start[order], flat[order, 0], flat[order, 1]
    shaded = np.zeros(points.shape[0], np.bool_)
    for primitive in primitives:
        if not primitive.shadow:
            continue
        corners = _corners(primitive.bounds).astype(np.float32) @ plane.T
        low, high = corners.min(axis=0), corners.max(axis=0)
        run = slice(*np.searchsorted(across, (low[0], high[0])))
        inside = (
            np.flatnonzero((along[run] >= low[1]) & (along[run] <= high[1]) & ~shaded[run])
            + run.start
        )
        if inside.size:
            hit, _ = primitive.hit(start[inside], np.broadcast_to(toward, (inside.size, 3)))
            shaded[inside[hit < _FAR / 2]] = True
    back = np.empty_like(shaded)
    back[order] = shaded
    return back


def _corners(bounds: tuple[Vector, Vector]) -> NDArray[np.float64]:
    """The (8, 3) corners of a box."""
    sides = [(low, high) for low, high in zip(*bounds, strict=True)]
    return np.array([(x, y, z) for x in sides[0] for y in sides[1] for z in sides[2]])


def _quadratic(start: Array, way: Array, radius: float) -> Array:
    """First distance at which |start + t way| is the radius; large where there is none ahead."""
    a = np.einsum("ij,ij->i", way, way) + np.float32(1e-12)
    b = np.einsum("ij,ij->i", start, way)
    c = np.einsum("ij,ij->i", start, start) - np.float32(radius**2)
    rest = b * b - a * c
    first = (-b - np.sqrt(np.maximum(rest, 0))) / a
    return np.where((rest > 0) & (first > 0), first, _FAR).astype(np.float32)
