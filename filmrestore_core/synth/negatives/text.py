"""Text: titles that roll, crawl or stand, signs, and a burnt-in time code that counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.synth.negatives.canvas import Picture, Points
from filmrestore_core.synth.negatives.flight import between

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?'-&()"
_ITALIC = 16  # cv2.FONT_ITALIC
_FONTS = (0, 1, 2, 3, 4, 5, 6, 7)  # cv2's eight Hershey fonts
# A glyph of scale 1 is about this high.
_GLYPH = 22


def text(pictures: Sequence[Picture], rng: np.random.Generator) -> list[Picture]:
    """Lettering over the picture, plain, outlined or with a shadow; it may come or go midway."""
    import cv2

    height, width, channels = pictures[0].shape
    scale = between(rng, 0.35, max(0.6, min(3.0, height / 110)))
    font = int(rng.choice(_FONTS)) + (_ITALIC if rng.random() < 0.25 else 0)
    stroke = max(1, round(scale * rng.uniform(0.8, 2.6)))
    size = scale * _GLYPH
    lines = [_line(rng) for _ in range(max(1, int(rng.uniform(0.1, 0.9) * height / (2 * size))))]
    corner = rng.uniform([-0.3, 0.0], [0.5, 0.4]) * [width, height] + [0.0, size]
    indents = rng.uniform(0, 0.1 * width, len(lines))
    places = corner + np.stack([indents, np.arange(len(lines)) * size * 1.9], axis=-1)
    velocity = _velocity(rng)
    counter = int(rng.integers(100000)) if rng.random() < 0.15 else None
    tone = rng.uniform(0.8, 1.0) if rng.random() < 0.75 else rng.uniform(0.0, 0.2)
    gray = rng.random() < 0.7
    color = np.asarray([tone] * channels if gray else rng.uniform(0, 1, channels), np.float32)
    backing = rng.choice(["none", "shadow", "outline", "board"], p=[0.4, 0.25, 0.2, 0.15])
    opacity, softness = rng.uniform(0.6, 1.0), rng.uniform(0.3, 1.1)
    shown = _shown(rng, len(pictures))
    made = []
    for time, picture in enumerate(pictures):
        letters = np.zeros((height, width), np.uint8)
        for place, line in zip(places + velocity * time, lines, strict=True):
            words = _time_code(counter + time) if counter is not None else line
            at = np.clip(place, -30000, 30000).round().astype(int).tolist()
            cv2.putText(letters, words, at, font, scale, 255, stroke, cv2.LINE_AA)
        # Whole places are all that letters are drawn at; the rest of the way is a shift.
        rest = places[0] + velocity * time
        rest = rest - np.round(rest)
        shift = np.array([[1, 0, rest[0]], [0, 1, rest[1]]])
        moved = cv2.warpAffine(letters, shift, (width, height))
        soft = np.asarray(cv2.GaussianBlur(moved, (0, 0), softness), np.uint8)
        share = _share(soft, opacity * shown[time])
        behind = _behind(str(backing), soft, stroke, scale)
        if behind is not None:
            back = np.float32(0.0 if tone > 0.5 else 1.0)
            picture = picture + _share(behind, 0.8 * shown[time]) * (back - picture)
        made.append(picture + share * (color - picture))
    return made


def _line(rng: np.random.Generator) -> str:
    letters = rng.choice(list(_LETTERS), int(rng.integers(3, 22)))
    spaced = np.where(rng.random(letters.size) < 0.15, " ", letters)
    return "".join(spaced.tolist())


def _time_code(count: int) -> str:
    seconds, frames = divmod(count, 24)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{frames:02}"


def _velocity(rng: np.random.Generator) -> Points:
    """Standing, rolling up, crawling sideways, or carried along by the picture's motion."""
    way = rng.random()
    if way < 0.3:
        return np.zeros(2)
    if way < 0.55:
        return np.array([0.0, -between(rng, 0.7, 12)])
    if way < 0.75:
        return np.array([-between(rng, 1, 25), 0.0])
    angle, speed = rng.uniform(0, 2 * np.pi), between(rng, 1, 30)
    return np.asarray(speed * np.array([np.cos(angle), np.sin(angle)]))


def _shown(rng: np.random.Generator, frames: int) -> list[float]:
    """How much of the text there is on each frame: all, or from or up to some frame."""
    if rng.random() < 0.7:
        return [1.0] * frames
    start, fade = rng.uniform(0, frames), rng.choice([0.0, 1.0, 3.0])
    ramp = [
        float(np.clip((t - start) / fade + 0.5, 0, 1)) if fade else float(t >= start)
        for t in range(frames)
    ]
    return ramp if rng.random() < 0.5 else [1 - r for r in ramp]


def _behind(
    kind: str, letters: NDArray[np.uint8], stroke: int, scale: float
) -> NDArray[np.uint8] | None:
    """Shadow, outline or board under the letters."""
    import cv2

    if kind == "none":
        return None
    grown = max(1, round(0.7 * stroke))
    if kind == "board":
        grown = max(3, round(10 * scale))
        return np.asarray(cv2.dilate(letters, np.ones((2 * grown + 1, 2 * grown + 1), np.uint8)))
    if kind == "outline":
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grown + 1, 2 * grown + 1))
        return np.asarray(cv2.dilate(letters, disc))
    away = float(max(1, round(1.5 * scale)))
    shift = np.array([[1, 0, away], [0, 1, away]])
    return np.asarray(cv2.warpAffine(letters, shift, letters.shape[::-1]))


def _share(letters: NDArray[np.uint8], opacity: float) -> Picture:
    return np.asarray(letters, np.float32)[..., None] * np.float32(opacity / 255)
