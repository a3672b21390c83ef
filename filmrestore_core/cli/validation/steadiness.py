"""Whether fills hold still: temporal error in holes along the true motion, and pictures of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.cli.validation.lasting import lasting_hole
from filmrestore_core.metrics.evaluate import CleanMotion, EvaluationCase, holes
from filmrestore_core.metrics.fidelity import SquaredError, low_passed_error
from filmrestore_core.metrics.grain import GrainEnergy, grain_energy
from filmrestore_core.metrics.stability import WarpedDifference, warped_difference
from filmrestore_core.temporal.warp import warp_field

# A neighbour says something about a pixel where its motion can be trusted this far.
_TRUSTED = 0.5
# What is softer than this is structure rather than grain, px.
_SOFT = 2.0
_ZOOM, _TALL = 3, 6
_HEAD = 18
_QUALITY = 90

Picture = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class Steadiness:
    """Sums over a case's frames, inside holes.

    Attributes:
        whole: temporal difference as it is seen, grain included.
        soft: the same after a blur of 2 px: structure and color.
        low: low-passed error against the truth.
        grain: energy of the finest detail.
    """

    whole: WarpedDifference
    soft: WarpedDifference
    low: SquaredError
    grain: GrainEnergy


def measure_steadiness(
    case: EvaluationCase, restored: Sequence[Picture], motion: CleanMotion
) -> Steadiness:
    """How far a restored clip jumps in its holes, against how far the clean one does.

    Each frame is compared with the one before, brought onto it along the motion of the clean
    frames, where that motion can be trusted.

    Args:
        case: damaged and clean frames.
        restored: (H, W, C) float32 each.
        motion: of the case; kept between calls.
    """
    found = Steadiness(WarpedDifference(), WarpedDifference(), SquaredError(), GrainEnergy())
    for i, picture in enumerate(restored):
        clean = case.clean[i]
        hole = holes(case.truth[i], clean.shape[:2])
        if not hole.any():
            continue
        found.low += low_passed_error(picture, clean, hole, sigma=_SOFT)
        found.grain += grain_energy(picture, clean, hole)
        if i == 0:
            continue
        before = motion.neighbor(i, i - 1)
        seen = hole & (before.validity >= _TRUSTED)
        moved = warp_field(restored[i - 1], before.flow, kind="cubic")
        real = warp_field(case.clean[i - 1], before.flow, kind="cubic")
        found.whole += warped_difference(picture, moved, clean, real, seen)
        found.soft += warped_difference(
            _blur(picture), _blur(moved), _blur(clean), _blur(real), seen
        )
    return found


def steadiness_table(rows: Mapping[str, Steadiness], seconds: Mapping[str, float]) -> str:
    """A Markdown table.

    Args:
        rows: method -> figures.
        seconds: method -> processor time for a frame.
    """
    heads = (
        *("fill", "temporal error over truth's own", "the same after a blur of 2 px"),
        *("low-passed PSNR in holes, dB", "grain", "processor seconds per frame"),
    )
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name, found in rows.items():
        cells = (
            *(name, f"{found.whole.ratio:.3f}", f"{found.soft.ratio:.3f}"),
            *(f"{found.low.psnr():.2f}", f"{found.grain.ratio:.2f}"),
            f"{seconds[name]:.2f}" if name in seconds else "-",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write_slices(path: Path, case: EvaluationCase, rows: Mapping[str, Sequence[Picture]]) -> None:
    """A picture of one row of pixels over time for each method, time going down.

    The row runs through the middle of what is damaged on all frames; what flickers has stripes
    across, what sticks to the glass runs straight down where the picture slants.

    Args:
        path: a .jpg or .png file.
        case: damaged and clean frames.
        rows: method -> restored frames.

    Raises:
        OSError: it cannot be written.
    """
    import cv2

    y, left, right = _place(case)
    shown: dict[str, Sequence[Picture]] = {"damaged": case.damaged, **rows, "truth": case.clean}
    parts = []
    for name, pictures in shown.items():
        slice_ = np.stack([p[y, left:right] for p in pictures])
        codes = np.round(np.clip(slice_, 0, 1) * 255).astype(np.uint8)
        codes = codes.repeat(_TALL, axis=0).repeat(_ZOOM, axis=1)
        head = np.full((_HEAD, codes.shape[1], 3), 24, np.uint8)
        cv2.putText(head, name, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (230,) * 3, 1, cv2.LINE_AA)
        parts += [head, np.broadcast_to(codes, (*codes.shape[:2], 3))]
    _write(path, np.concatenate(parts))


def write_frames(
    path: Path, case: EvaluationCase, rows: Mapping[str, Sequence[Picture]], at: Sequence[int]
) -> None:
    """Some frames of each method around the lasting damage, one row a method.

    Args:
        path: a .jpg or .png file.
        case: damaged and clean frames.
        rows: method -> restored frames.
        at: places of the frames in the case.

    Raises:
        OSError: it cannot be written.
    """
    import cv2

    y, left, right = _place(case)
    high = case.clean[0].shape[0]
    top = int(np.clip(y - 64, 0, max(0, high - 128)))
    shown: dict[str, Sequence[Picture]] = {"damaged": case.damaged, **rows, "truth": case.clean}
    parts = []
    for name, pictures in shown.items():
        strip = np.concatenate([pictures[i][top : top + 128, left:right] for i in at], axis=1)
        codes = np.round(np.clip(strip, 0, 1) * 255).astype(np.uint8)
        head = np.full((_HEAD, codes.shape[1], 3), 24, np.uint8)
        cv2.putText(head, name, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (230,) * 3, 1, cv2.LINE_AA)
        parts += [head, np.broadcast_to(codes, (*codes.shape[:2], 3))]
    _write(path, np.concatenate(parts))


def _place(case: EvaluationCase) -> tuple[int, int, int]:
    """A row, and the columns around it, with most lasting damage within 200 px."""
    lasting = lasting_hole(case)
    width = lasting.shape[1]
    wide = min(200, width)
    kernel = np.ones(wide)
    sums = np.stack([np.convolve(row, kernel, "valid") for row in lasting.astype(np.float64)])
    y, left = np.unravel_index(int(sums.argmax()), sums.shape)
    # The damage in the middle rather than at an edge.
    columns = np.flatnonzero(lasting[y, left : left + wide]) + left
    middle = int(columns.mean()) if columns.size else width // 2
    start = int(np.clip(middle - wide // 2, 0, width - wide))
    return int(y), start, start + wide


def _blur(picture: Picture) -> Picture:
    import cv2

    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _SOFT), np.float32).reshape(picture.shape)


def _write(path: Path, codes: NDArray[np.uint8]) -> None:
    import cv2

    done, coded = cv2.imencode(
        path.suffix, np.ascontiguousarray(codes[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )
    if not done:
        raise OSError(f"'{path}' could not be coded.")
    path.write_bytes(bytes(coded.tobytes()))
