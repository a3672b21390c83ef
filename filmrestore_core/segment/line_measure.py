"""What is known of a line down the picture: how it looks, whether it stands or goes along."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.segment.line_band import FLANK, HALF, LineBand
from filmrestore_core.segment.line_path import LinePath
from filmrestore_core.segment.line_scene import SceneBeside
from filmrestore_core.segment.line_votes import SHOWS, STRIP, unsteady
from filmrestore_core.temporal.window import AlignedWindow

Plane = NDArray[np.float32]

LINE_COLUMNS: tuple[str, ...] = (
    *("log_strips", "span", "gap", "scale", "sign"),
    *("here", "here_low", "shows", "stand_least", "stand_most", "shows_there"),
    *("bend", "slope"),
    *("log_contrast", "log_excess", "width", "lopsided", "step"),
    *("alike_least", "alike_most", "amplitude_least", "shift_middle", "shift_most"),
    *("moved_near", "moved_far", "stays", "left_behind", "apart_least"),
    *("scene", "scene_shift", "scene_apart"),
    *("uneven", "uneven_density", "level_bound", "level_range", "show_dark", "show_bright"),
    *("shine", "flanks_alike", "shine_gap", "tint"),
    *("neighbors", "both_sides", "rivals", "busy", "misfit"),
)
"""What `measure_lines` tells of each line, in order."""
LINE_NET_COLUMNS: tuple[str, ...] = ("net_scratch", "net_highest")
"""What `net_says` tells, in order."""

# A line that ends inside the picture at both ends, so many strips and such a share of the height
# from its edges, and spans less is a pole: a scratch runs on.
_ENDS, _INSIDE, _SPAN = 1.5, 0.05, 0.8
# Where so much of it moved away for sure, the line must be gone by so much from where the scene
# went: bars that repeat fall on each other.
_MOVED, _GONE = 0.6, 0.2

_TINY = 1e-4
# Stray light, as in synth.density: keeps the density of black finite.
_FLARE = 0.02


def measure_lines(
    window: AlignedWindow,
    paths: Sequence[tuple[LinePath, int, int]],
    own: Sequence[Plane],
    others: Sequence[Sequence[Plane]],
) -> NDArray[np.float64]:
    """(N, len(LINE_COLUMNS)) float64.

    A scratch is thinner or thicker film: it stands in the gate while the scene moves, its density
    is the same over dark and bright, and the picture shines through it. A pole hides what is
    behind it and goes along with the scene, be it by a part of a pixel. The first two after
    Joyeux et al., "Reconstruction of degraded image sequences: application to film restoration",
    2001, and Newson et al., "Robust automatic line scratch detection in films", 2014.

    Args:
        window: a frame with one neighbour at least.
        paths: path, sign (1 bright, -1 dark) and scale of each line.
        own: the center's votes of each scale, see `line_votes`.
        others: those of each neighbour.
    """
    answer = np.zeros((len(paths), len(LINE_COLUMNS)))
    offsets = [n.offset for n in window.neighbors]
    sides = float(min(offsets) < 0 < max(offsets))
    for index, (path, sign, scale) in enumerate(paths):
        votes = [own[scale] * sign, *(o[scale] * sign for o in others)]
        band = LineBand(path, window)
        scene = SceneBeside(path, window, band)
        busy = float(np.mean(np.abs(own[scale])))
        answer[index] = [
            *_place(path, votes[0].shape[0]),
            *(float(scale), float(sign)),
            *_votes(path, votes),
            *_course(path),
            *_look(band, sign),
            *_standing(band, scene, path, votes),
            *_film(band, sign, path, votes[0]),
            *_through(band, sign),
            *(float(len(offsets)), sides, float(len(paths)), busy, scene.misfit),
        ]
    return answer


def surely_picture(columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) what no judge may take: poles that a tracking camera keeps in place, bars that repeat.

    Made-up scratches that come and go look like that now and then; a pole would be wiped out for
    a whole shot.

    Args:
        columns: (N, len(LINE_COLUMNS) or more), see `measure_lines`.
    """
    told = {name: columns[:, index] for index, name in enumerate(LINE_COLUMNS)}
    strips = np.exp(told["log_strips"]) / told["span"]
    inside = (told["gap"] > np.maximum(_ENDS / strips, _INSIDE)) & (told["span"] < _SPAN)
    again = (told["moved_far"] >= _MOVED) & (told["stays"] - told["left_behind"] < _GONE)
    return np.asarray(inside | again, np.bool_)


def net_says(
    paths: Sequence[tuple[LinePath, int, int]], scores: Plane, scratch: int
) -> NDArray[np.float64]:
    """(N, len(LINE_NET_COLUMNS)) float64: what a net's scores are along each line, on average.

    Args:
        paths: see `measure_lines`.
        scores: (classes, H, W) float32.
        scratch: which class is `DamageClass.SCRATCH`.
    """
    answer = np.zeros((len(paths), len(LINE_NET_COLUMNS)))
    for index, (path, _sign, _scale) in enumerate(paths):
        rows = np.arange(path.strips[0] * STRIP, (path.strips[-1] + 1) * STRIP)
        columns = np.repeat(path.columns, STRIP)[:, None] + np.arange(-2, 3)
        columns = np.clip(columns, 0, scores.shape[2] - 1)
        along = scores[:, rows[:, None], columns].max(axis=2)
        answer[index] = along[scratch].mean(), along.max(axis=0).mean()
    return answer


def _place(path: LinePath, strips: int) -> tuple[float, ...]:
    first, last = int(path.strips[0]), int(path.strips[-1])
    gap = min(first, strips - 1 - last) / strips
    return float(np.log(len(path.strips))), len(path.strips) / strips, gap


def _votes(path: LinePath, votes: list[Plane]) -> tuple[float, ...]:
    at = path.strips, path.columns
    here = unsteady(votes[0])[at]
    there = np.stack([unsteady(v)[at] for v in votes[1:]])
    return (
        float(here.mean()),
        float(np.percentile(here, 20)),
        float(np.mean(here > SHOWS)),
        float(there.mean(axis=1).min()),
        float(there.mean(axis=1).max()),
        float(np.mean(there > SHOWS, axis=1).min()),
    )


def _course(path: LinePath) -> tuple[float, float]:
    """RMS distance from a straight line, px; its slope, px a px."""
    slope, middle = np.polyfit(path.strips, path.columns, 1)
    rest = path.columns - (slope * path.strips + middle)
    return float(np.sqrt(np.mean(rest**2))), abs(float(slope)) / STRIP


def _look(band: LineBand, sign: int) -> tuple[float, ...]:
    profile = sign * band.profiles[0]
    contrast = float(profile[HALF - 1 : HALF + 2].mean())
    outer = np.concatenate(
        [band.detail[0][:, : HALF - FLANK], band.detail[0][:, HALF + FLANK + 1 :]], 1
    )
    excess = contrast / max(_TINY, float(np.abs(outer).mean()))
    peak = max(_TINY, float(profile[HALF - 2 : HALF + 3].max()))
    wide = profile[HALF - 6 : HALF + 7]
    middle = int(np.argmax(wide[4:9])) + 4
    left, right = middle, middle
    while left > 0 and wide[left - 1] > 0.5 * peak:
        left -= 1
    while right < len(wide) - 1 and wide[right + 1] > 0.5 * peak:
        right += 1
    return (
        float(np.log(max(_TINY, contrast))),
        float(np.log(max(0.01, excess))),
        float(right - left + 1),
        abs(left + right - 2 * middle) / 2.0,
        float(abs(band.step)) / max(_TINY, contrast),
    )


def _standing(
    band: LineBand, scene: SceneBeside, path: LinePath, votes: list[Plane]
) -> tuple[float, ...]:
    found = [band.found_again(k) for k in range(1, len(votes))]
    alike, amplitude, shift = (np.asarray(v) for v in zip(*found, strict=True))
    stands = np.stack([unsteady(v)[path.strips, path.columns] for v in votes[1:]])
    width = votes[0].shape[1]
    gone = np.zeros_like(stands)
    for k, other in enumerate(votes[1:]):
        target = np.clip(np.rint(path.columns + scene.away[k]).astype(int), 0, width - 1)
        gone[k] = unsteady(other)[path.strips, target]
    near = scene.told & (np.abs(scene.away) >= 1.0)
    far = scene.told & (np.abs(scene.away) >= 2.5)
    moved = far if far.any() else near
    stays = float(stands[moved].mean()) if moved.any() else float(stands.mean())
    left = float(gone[moved].mean()) if moved.any() else stays
    telling = [k for k in range(len(stands)) if moved[k].mean() >= 0.15]
    apart = [float((stands[k] - gone[k])[moved[k]].mean()) for k in telling]
    most = int(np.argmax(np.abs(scene.whole)))
    return (
        *(float(alike.min()), float(alike.max()), float(amplitude.min())),
        *(float(np.median(np.abs(shift))), float(np.abs(shift).max())),
        *(float(near.any(axis=0).mean()), float(far.any(axis=0).mean())),
        *(stays, left, min(apart, default=0.0)),
        float(abs(scene.whole[most])),
        float(abs(shift[most])),
        float(abs(shift[most] - scene.whole[most])),
    )


def _film(band: LineBand, sign: int, path: LinePath, own: Plane) -> tuple[float, ...]:
    levels, contrasts = band.levels, sign * band.contrasts
    density = np.log10(
        (np.maximum(levels + band.contrasts, 0) + _FLARE) / (np.maximum(levels, 0) + _FLARE)
    )
    here = unsteady(own)[path.strips, path.columns]
    order = np.argsort(levels, kind="stable")
    quarter = max(1, len(order) // 4)
    low, high = np.percentile(levels, (10, 90))
    return (
        _unevenness(contrasts),
        _unevenness(density),
        _correlation(contrasts, levels),
        float(high - low),
        float(np.mean(here[order[:quarter]] > SHOWS)),
        float(np.mean(here[order[-quarter:]] > SHOWS)),
    )


def _through(band: LineBand, sign: int) -> tuple[float, ...]:
    line, left, right = (band.fine(part) for part in ("line", "left", "right"))
    shine = _correlation(line, left + right)
    alike = _correlation(left, right)
    tints = sign * band.tints
    tint = float((tints.max() - tints.min()) / max(0.01, float(np.abs(tints).max())))
    return shine, alike, shine - alike, tint


def _unevenness(values: NDArray[np.floating]) -> float:
    """Scale of a row of numbers against their middle, at most 10."""
    usual = abs(float(np.median(values)))
    scale = float(np.median(np.abs(values - np.median(values)))) * 1.4826
    return min(10.0, scale / max(_TINY, usual))


def _correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt(np.sum(a * a) * np.sum(b * b)))
    return float(np.sum(a * b)) / size if size > _TINY * _TINY else 0.0
