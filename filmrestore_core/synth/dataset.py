"""Data sets of made-up damage: the frames of the damaged, the clean and the matte sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.matte import DETECTED_CLASSES, DamageClass
from filmrestore_core.synth.film import DamagedFilm, DamagedFrame
from filmrestore_core.synth.negatives.stretches import NegativePlan, damaged_frames
from filmrestore_core.synth.recipe import RecipeSettings

# Matte channels, one for each class.
MATTE_CHANNELS: tuple[str, ...] = tuple(c.value for c in (*DETECTED_CLASSES, DamageClass.OTHER))


@dataclass(frozen=True, slots=True, eq=False)
class DatasetFrames:
    """The three pictures of one frame number, ready to be written as half-float EXR.

    Attributes:
        damaged: channels R, G, B or Y.
        clean: the same; equal bits where no damage lies.
        matte: one channel for each class, named as the class, 0 to 1 (see
            `DamagedFrame.strength`), and "visible": DamageClass.label where the damage is seen.
    """

    damaged: Frame
    clean: Frame
    matte: Frame


def dataset_frames(
    plates: Iterable[tuple[int, NDArray[np.float32]]],
    film: DamagedFilm,
    *,
    negatives: NegativePlan | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Iterator[DatasetFrames]:
    """A data set, frame by frame; one frame is held at a time, with negatives a stretch of them.

    Args:
        plates: (frame number, (H, W, 1 or 3) float32 code values 0 to 1), consecutive frames.
        film: recipe, seed and shapes.
        negatives: what is added that is no damage.
        attributes: metadata of the pictures.
    """
    for made in damaged_frames(plates, film, negatives or NegativePlan()):
        yield DatasetFrames(
            picture_frame(made.damaged, made.number, attributes),
            picture_frame(made.clean, made.number, attributes),
            matte_frame(made),
        )


def recipe_document(
    recipe: RecipeSettings, *, seed: int, negatives: NegativePlan | None = None
) -> dict[str, Any]:
    """What makes the data set again: recipe, seed and negatives, as plain values."""
    kinds = [kind.value for kind in negatives.kinds] if negatives else []
    return {
        "seed": seed,
        **({"negatives": kinds} if kinds else {}),
        "recipe": recipe.model_dump(mode="json", by_alias=True),
    }


def picture_frame(
    pixels: NDArray[np.float32], number: int, attributes: Mapping[str, Any] | None = None
) -> Frame:
    """A half-float frame of code values.

    Args:
        pixels: (H, W, 1 or 3) float32.
        number: frame number.
        attributes: metadata.
    """
    names = ("Y",) if pixels.shape[2] == 1 else ("R", "G", "B")
    return _frame({n: pixels[..., i] for i, n in enumerate(names)}, number, attributes)


def matte_frame(made: DamagedFrame) -> Frame:
    """The truth about a frame's damage, one half-float channel for each class."""
    shape = made.damaged.shape[:2]
    empty = np.zeros(shape, np.float32)
    channels = {name: made.strength.get(DamageClass(name), empty) for name in MATTE_CHANNELS}
    visible = np.zeros(shape, np.float32)
    for damage_class, seen in made.visible().items():
        visible[seen] = damage_class.label
    return _frame({**channels, "visible": visible}, made.number)


def _frame(
    channels: Mapping[str, NDArray[np.float32]],
    number: int,
    attributes: Mapping[str, Any] | None = None,
) -> Frame:
    planes = {name: plane.astype(np.float16) for name, plane in channels.items()}
    height, width = next(iter(planes.values())).shape
    box = Box.of_size(width, height)
    formats = {name: PixelFormat.of(np.float16) for name in planes}
    part = Part("", planes, formats, box, box, attributes=dict(attributes or {}))
    return Frame(number, (part,))
