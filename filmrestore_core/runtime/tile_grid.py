"""Where the tiles lie: integers only.

All boxes here are in pixels from the display window's corner. The net sees the picture grown to
whole multiples of the card's number (its hull); beyond the hull there is nothing.

A tile is never more than SQUARES times as large as the square whose edge the card states.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.models.card import ModelCard

BLOCK = 128
# So a 2K frame is one tile: as four squares a sixth of the work would be overlap.
SQUARES = 2.5


@dataclass(frozen=True, slots=True)
class Tile:
    """One call of the net.

    Attributes:
        core: what is kept of it.
        reach: what the net is given: the core and the overlap; may go beyond the picture by
            less than the card's multiple (or up to its smallest size).
        blocks: the parts of the core that were asked for.
    """

    core: Box
    reach: Box
    blocks: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class _Grid:
    hull: Box
    step: int
    overlap: int
    smallest: int

    def reach(self, core: Box) -> Box:
        x0, x1 = self._side(core.x, core.right, self.hull.x, self.hull.right)
        y0, y1 = self._side(core.y, core.bottom, self.hull.y, self.hull.bottom)
        return Box(x0, y0, x1 - x0, y1 - y0)

    def _side(self, low: int, high: int, first: int, last: int) -> tuple[int, int]:
        low = max(first, _down(low, self.step) - self.overlap)
        high = min(last, _up(high, self.step) + self.overlap)
        high = min(last, max(high, low + self.smallest))
        return max(first, min(low, high - self.smallest)), high


def tiles_of(
    picture: Box,
    card: ModelCard,
    *,
    wanted: NDArray[np.bool_] | None = None,
    block: int = BLOCK,
    joined: bool = True,
) -> tuple[Tile, ...]:
    """The calls that cover a picture, or what is wanted of it, row by row.

    Args:
        picture: the picture's box from the display window's corner.
        card: its size and tile rules.
        wanted: (H, W) bool over the picture; None wants all.
        block: edge of the blocks that are computed where they hold a wanted pixel.
        joined: where all is wanted, cells of the grid are put together as long as a tile stays
            within its bound; else no side exceeds the card's.
    """
    if picture.is_empty:
        return ()
    step = card.size.multiple_of
    smallest = _up(max(card.size.minimum, step), step)
    x, y = _down(picture.x, step), _down(picture.y, step)
    hull = Box(
        x,
        y,
        max(_up(picture.right, step) - x, smallest),
        max(_up(picture.bottom, step) - y, smallest),
    )
    grid = _Grid(hull, step, card.tiles.overlap, smallest)
    tiles: list[Tile] = []
    pitch = (card.tiles.core,) * 2
    if joined and wanted is None:
        pitch = _joined_pitch(picture, card.tiles.core, grid, SQUARES * card.tiles.size**2)
    for core in _cells(picture, *pitch):
        if wanted is None:
            tiles.append(Tile(core, grid.reach(core), (core,)))
            continue
        rows, columns = core.slices(picture)
        if wanted[rows, columns].any():
            tiles += _wanted_tiles(core, wanted[rows, columns], _up(max(block, 1), step), grid)
    return tuple(tiles)


def _joined_pitch(picture: Box, core: int, grid: _Grid, most: float) -> tuple[int, int]:
    """Width and height of the cells, whole multiples of the core, that cost the least work.

    None of their tiles has more than `most` pixels, which is no less than one core's tile has.
    """

    def sides(length: int, reach_of: Callable[[int], list[int]]) -> dict[int, list[int]]:
        return {core * k: reach_of(core * k) for k in range(1, -(-length // core) + 1)}

    # How far a tile reaches along one axis does not depend on the other.
    row, column = replace(picture, height=1), replace(picture, width=1)
    widths = sides(picture.width, lambda p: [grid.reach(c).width for c in _cells(row, p, p)])
    heights = sides(picture.height, lambda p: [grid.reach(c).height for c in _cells(column, p, p)])
    fitting = [
        (across, down)
        for across, wide in widths.items()
        for down, high in heights.items()
        if max(wide) * max(high) <= most
    ]
    return min(fitting, key=lambda pitch: sum(widths[pitch[0]]) * sum(heights[pitch[1]]))


def _wanted_tiles(core: Box, wanted: NDArray[np.bool_], block: int, grid: _Grid) -> list[Tile]:
    """Few calls that cover the blocks of a core that hold a wanted pixel."""
    blocks = [cell for cell in _cells(core, block, block) if wanted[cell.slices(core)].any()]
    by_row = _runs(blocks, along_x=True)
    by_column = _runs(blocks, along_x=False)
    runs = min(by_row, by_column, key=lambda boxes: sum(grid.reach(b).area for b in boxes))
    if sum(grid.reach(b).area for b in runs) >= grid.reach(core).area:
        runs = [core]
    joined = _joined(runs, grid)
    return [
        Tile(box, grid.reach(box), tuple(b for b in blocks if box.contains(b))) for box in joined
    ]


def _runs(blocks: list[Box], *, along_x: bool) -> list[Box]:
    """Blocks side by side as one box each."""
    runs: list[Box] = []
    for box in sorted(blocks, key=lambda b: (b.y, b.x) if along_x else (b.x, b.y)):
        last = runs[-1] if runs else None
        if last is not None and (
            (along_x and last.y == box.y and last.right == box.x)
            or (not along_x and last.x == box.x and last.bottom == box.y)
        ):
            runs[-1] = last.union(box)
        else:
            runs.append(box)
    return runs


def _joined(boxes: list[Box], grid: _Grid) -> list[Box]:
    """Boxes put together as long as that saves work, overlaps counted."""
    boxes = list(boxes)
    while True:
        best: tuple[int, int, int] | None = None
        for i, one in enumerate(boxes):
            for j in range(i + 1, len(boxes)):
                saved = (
                    grid.reach(one).area
                    + grid.reach(boxes[j]).area
                    - grid.reach(one.union(boxes[j])).area
                )
                if saved >= 0 and (best is None or saved > best[0]):
                    best = (saved, i, j)
        if best is None:
            return sorted(boxes, key=lambda b: (b.y, b.x))
        whole = boxes[best[1]].union(boxes[best[2]])
        boxes = [b for b in boxes if not whole.contains(b)] + [whole]


def _cells(box: Box, across: int, down: int) -> list[Box]:
    """A box cut along the lines at whole multiples of the pitch each way, row by row."""
    return [
        Box(x, y, across, down).intersect(box)
        for y in range(_down(box.y, down), box.bottom, down)
        for x in range(_down(box.x, across), box.right, across)
    ]


def _down(value: int, step: int) -> int:
    return value // step * step


def _up(value: int, step: int) -> int:
    return -(-value // step) * step
