"""How strong and how fine the grain of a plate is, from what lies outside its matte."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.grain.model import GrainModel, cosine_basis, cosine_deviation
from filmrestore_core.matte import Matte
from filmrestore_core.plate import Plate, luma_of

Waves = tuple[tuple[int, int], ...]

BLOCK = 16
LEVELS = 8
BLOCKS_PER_LEVEL = 48
FEWEST_BLOCKS = 4
RADIUS = 5
# Cosine waves (down, right) that are taken out of each block: what is slower than grain.
FLICKER: Waves = ((0, 0),)
SHADING: Waves = ((0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0))
# Structure that did not cancel only adds: of the blocks of one brightness this share, those with
# the weakest fine detail, tell the grain.
QUIET = 0.2
# A block with this many times the usual variance holds more than grain.
MOST_OVER = 2.0


class Neighbor(Protocol):
    """What of an aligned neighbour is needed: its number and the flow to it."""

    @property
    def number(self) -> int:
        """Frame number."""
        ...

    @property
    def flow(self) -> NDArray[np.float32]:
        """(H, W, 2) float32 px, from a pixel of the center to its place in the neighbour."""
        ...


class RawWindow(Protocol):
    """The plates themselves."""

    @property
    def center(self) -> Plate:
        """Plate of the frame itself."""
        ...

    @property
    def neighbors(self) -> tuple[Plate, ...]:
        """Plates of the other frames."""
        ...


class Window(Protocol):
    """A center plate with neighbours; an AlignedWindow is one."""

    @property
    def window(self) -> RawWindow:
        """The raw plates."""
        ...

    @property
    def neighbors(self) -> Sequence[Neighbor]:
        """The aligned neighbours."""
        ...


def estimate_grain(source: Plate | Window, matte: Matte | None = None) -> GrainModel:
    """Grain of a plate, measured in the flattest places outside the matte.

    With neighbours it is measured in the difference to the nearest ones, moved by whole pixels so
    that their grain stays as it is: picture structure cancels, grain does not. Alone, or where the
    neighbours repeat the frame, it is measured in the plate itself.

    Args:
        source: a plate, or an aligned window around it.
        matte: of the plate; None where nothing is covered.
    """
    if isinstance(source, Plate):
        center, pairs = source, []
    else:
        center = source.window.center
        raw = {plate.number: plate for plate in source.window.neighbors}
        nearest = sorted(source.neighbors, key=lambda n: (abs(n.number - center.number), n.number))
        pairs = [(raw[n.number], n.flow) for n in nearest[:2]]
    usable = center.finite.copy()
    if matte is not None:
        usable &= matte.coverage <= 0
    corners, bins, nodes = _flat_blocks(center, usable)
    if not len(corners):
        return GrainModel.none(center.pixels.shape[2])
    alone = _without(np.stack([_block(center.pixels, y, x) for y, x in corners]), SHADING)
    noise, waves = alone, SHADING
    known = np.ones(len(corners), np.bool_)
    if pairs:
        moved, known = _differences(center, pairs, corners)
        if known.sum() >= FEWEST_BLOCKS and _strength(moved[known]) > 0.25 * _strength(
            alone[known]
        ):
            noise, waves = moved, FLICKER
        else:
            known[:] = True
    return _model(noise[known], bins[known], nodes, waves)


def _flat_blocks(
    plate: Plate, usable: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Corners (N, 2) of the flattest blocks, the brightness bin of each, and the bins' luma."""
    import cv2

    size = min(BLOCK, *plate.box.shape)
    height, width = plate.box.shape
    rows, columns = height // size, width // size
    if size < 8:
        return np.empty((0, 2), np.intp), np.empty(0, np.intp), np.zeros(1, np.float32)
    luma = luma_of(plate.pixels[: rows * size, : columns * size])
    small = cv2.resize(luma, (columns * 8, rows * 8), interpolation=cv2.INTER_AREA)
    blocks = np.asarray(small, np.float32).reshape(rows, 8, columns, 8).swapaxes(1, 2)
    mean = blocks.mean((2, 3))
    structure = np.abs(np.diff(blocks, axis=2)).mean((2, 3))
    structure += np.abs(np.diff(blocks, axis=3)).mean((2, 3))
    free = usable[: rows * size, : columns * size].reshape(rows, size, columns, size).all((1, 3))
    candidates = np.argwhere(free)
    if not len(candidates):
        return np.empty((0, 2), np.intp), np.empty(0, np.intp), np.zeros(1, np.float32)
    level = mean[free]
    low, high = (float(v) for v in np.percentile(level, (1.0, 99.0)))
    edges = np.linspace(low, max(high, low + 1e-3), LEVELS + 1)
    bins = np.clip(np.searchsorted(edges, level, side="right") - 1, 0, LEVELS - 1)
    chosen = []
    for b in range(LEVELS):
        of = np.flatnonzero(bins == b)
        order = np.argsort(structure[free][of], kind="stable")
        chosen.append(of[order[: max(FEWEST_BLOCKS, min(BLOCKS_PER_LEVEL, len(of) // 2))]])
    picked = np.concatenate(chosen)
    nodes = (edges[:-1] + edges[1:]) / 2
    return candidates[picked] * size, bins[picked], nodes.astype(np.float32)


def _block(pixels: NDArray[Any], y: int, x: int) -> NDArray[Any]:
    size = min(BLOCK, *pixels.shape[:2])
    return pixels[y : y + size, x : x + size]


def _without(blocks: NDArray[np.float32], waves: Waves) -> NDArray[np.float32]:
    """(N, s, s, C) blocks without some cosine waves."""
    size = blocks.shape[1]
    rows = cosine_basis(size)
    basis = np.stack([np.outer(rows[v], rows[u]).ravel() for v, u in waves])
    flat = blocks.reshape(len(blocks), size * size, -1)
    # einsum, not matmul: the last bits of a threaded product may depend on the number of threads.
    share = np.einsum("wp,npc->nwc", basis, flat)
    slow = np.einsum("wp,nwc->npc", basis, share)
    return np.asarray(flat - slow, np.float32).reshape(blocks.shape)


def _differences(
    center: Plate, pairs: Sequence[tuple[Plate, NDArray[np.float32]]], corners: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Center minus neighbour per block, scaled to one plate's grain; and which could be had."""
    height, width = center.box.shape
    size = min(BLOCK, height, width)
    count, channels = len(corners), center.pixels.shape[2]
    here = np.stack([_block(center.pixels, y, x) for y, x in corners])
    best = np.zeros((count, size, size, channels), np.float32)
    least = np.full(count, np.inf)
    for plate, flow in pairs:
        there = np.zeros_like(best)
        had = np.zeros(count, np.bool_)
        motions = np.stack([_block(flow, y, x)[::4, ::4].reshape(-1, 2) for y, x in corners])
        moves = np.rint(np.median(motions, axis=1)).astype(int)
        for k, ((y, x), (dx, dy)) in enumerate(zip(corners, moves, strict=True)):
            v, u = y + dy, x + dx
            if v < 0 or u < 0 or v + size > height or u + size > width:
                continue
            if _block(plate.finite, v, u).all():
                there[k], had[k] = _block(plate.pixels, v, u), True
        difference = _without(here - there, FLICKER) * np.float32(np.sqrt(0.5))
        energy = np.where(had, np.square(difference).sum((1, 2, 3)), np.inf)
        better = energy < least
        best[better], least[better] = difference[better], energy[better]
    return best, np.isfinite(least)


def _strength(noise: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.median(np.square(noise).mean((1, 2, 3)))))


def _model(
    noise: NDArray[np.float32],
    bins: NDArray[np.intp],
    nodes: NDArray[np.float32],
    waves: Waves,
) -> GrainModel:
    channels = noise.shape[3]
    variance = np.square(noise).mean((1, 2))
    harsh = _harshness(noise)
    levels, strengths, quiet = [], [], []
    for b in range(len(nodes)):
        of = np.flatnonzero(bins == b)
        if len(of) >= FEWEST_BLOCKS:
            of = of[harsh[of] <= np.quantile(harsh[of], QUIET)]
            levels.append(nodes[b])
            strengths.append(np.sqrt(np.median(variance[of], axis=0)))
            quiet.append(noise[of] / np.maximum(strengths[-1], np.float32(1e-9)))
    if not levels:
        of = np.flatnonzero(harsh <= np.quantile(harsh, QUIET))
        levels = [nodes[len(nodes) // 2]]
        strengths = [np.sqrt(np.median(variance[of], axis=0))]
        quiet = [noise[of] / np.maximum(strengths[0], np.float32(1e-9))]
    scaled = np.concatenate(quiet)
    scaled = scaled[np.square(scaled).mean((1, 2, 3)) < MOST_OVER]
    flat = scaled.reshape(-1, channels).astype(np.float64)
    correlation = np.einsum("nc,nd->cd", flat, flat) / max(len(flat), 1)
    scale = np.sqrt(np.maximum(np.diag(correlation), 1e-12))
    correlation = np.clip(correlation / np.outer(scale, scale), -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    kernel = _kernel(scaled, waves)
    # What the waves took along of the grain itself.
    deviation = cosine_deviation(kernel, noise.shape[1])
    lost = sum(float(deviation[wave]) ** 2 for wave in waves) / noise.shape[1] ** 2
    whole = 1.0 / np.sqrt(max(1.0 - lost, 0.25))
    return GrainModel(
        np.asarray(levels, np.float32),
        np.asarray(strengths, np.float32).reshape(len(levels), channels) * np.float32(whole),
        correlation.astype(np.float32),
        kernel,
    )


def _harshness(noise: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,): power of what a pixel differs from its four neighbours.

    So many waves share in it that a block's value says little about its slower waves: choosing
    blocks by it does not favor fine grain, as choosing them by their variance would.
    """
    across = noise[:, 1:-1, :-2] + noise[:, 1:-1, 2:]
    fine = noise[:, 1:-1, 1:-1] - (across + noise[:, :-2, 1:-1] + noise[:, 2:, 1:-1]) / 4
    return np.asarray(np.square(fine).mean((1, 2, 3)), np.float32)


def _kernel(blocks: NDArray[np.float32], waves: Waves) -> NDArray[np.float32]:
    """Zero-phase kernel of unit energy with the blocks' mean spectrum."""
    size = blocks.shape[1]
    ramp = np.hanning(size + 2)[1:-1]
    window = np.outer(ramp, ramp)[None, :, :, None]
    power = np.square(np.abs(np.fft.fft2(blocks * window, axes=(1, 2)))).mean((0, 3))
    power /= _kept_power(size, window[0, :, :, 0], waves)
    kernel = np.fft.fftshift(np.fft.ifft2(np.sqrt(power)).real)
    middle = size // 2
    reach = min(RADIUS, middle - 1)
    cut = kernel[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
    energy = float(np.sqrt(np.square(cut).sum()))
    if energy < 1e-12:
        return np.ones((1, 1), np.float32)
    return np.asarray(cut / energy, np.float32)


def _kept_power(size: int, window: NDArray[np.float64], waves: Waves) -> NDArray[np.float64]:
    """(size, size): share of white noise's power that is left when the waves are taken out."""
    impulses = np.eye(size * size, dtype=np.float32).reshape(-1, size, size, 1)
    left = _without(impulses, waves)[..., 0] * window
    power = np.square(np.abs(np.fft.fft2(left))).sum(0) / np.square(window).sum()
    # Where next to nothing was left there is nothing to be learnt from it.
    return np.asarray(np.maximum(power, 0.1), np.float64)
