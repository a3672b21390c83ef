"""DamagedFilm: clean plates in, damaged plates and the truth about them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.cue import with_cue_mark
from filmrestore_core.synth.dust import specks
from filmrestore_core.synth.flicker import with_flicker
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.generation import copied
from filmrestore_core.synth.grain import with_grain
from filmrestore_core.synth.hair import free_hairs, gate_hairs
from filmrestore_core.synth.mark import Mark, lay
from filmrestore_core.synth.recipe import RecipeSettings
from filmrestore_core.synth.scratch import scratches
from filmrestore_core.synth.shapes import ProceduralShapes, ShapeSource
from filmrestore_core.synth.stain import stains
from filmrestore_core.synth.tear import tears
from filmrestore_core.synth.weave import with_weave

# A change of less than this (code value 0..1) is not seen.
VISIBLE = 0.04
# Nor is one of less than so many standard deviations of the grain.
VISIBLE_SIGMAS = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class DamagedFrame:
    """One frame with the truth about its damage.

    Attributes:
        number: frame number.
        damaged: (H, W, C) float32 code values.
        clean: (H, W, C) float32: the same frame, grain, flicker and weave included, undamaged.
            Equal bits to `damaged` where nothing lies (but for a recipe with JPEG loss).
        scene: (H, W, C) float32: `clean` without its grain.
        strength: class -> (H, W) float32 0..1, the share of light that damage of this class took
            or gave; absent where the frame has none of it.
    """

    number: int
    damaged: NDArray[np.float32]
    clean: NDArray[np.float32]
    scene: NDArray[np.float32]
    strength: dict[DamageClass, NDArray[np.float32]]

    @property
    def grain_sigma(self) -> float:
        """Standard deviation of the frame's grain (and coding noise), code values."""
        return float(np.std(self.clean - self.scene, dtype=np.float64))

    @property
    def visible_from(self) -> float:
        """The weakest change that can be told from grain, code values."""
        return max(VISIBLE, VISIBLE_SIGMAS * self.grain_sigma)

    @property
    def change(self) -> NDArray[np.float32]:
        """(H, W) float32: largest change of a channel's code value."""
        return np.asarray(np.abs(self.damaged - self.clean).max(axis=-1), np.float32)

    def visible(self, threshold: float | None = None) -> dict[DamageClass, NDArray[np.bool_]]:
        """Class -> (H, W) bool: damage that changed a code value by more than `threshold`.

        Where classes overlap, the stronger one has the pixel.

        Args:
            threshold: code values; None: `visible_from`.
        """
        if not self.strength:
            return {}
        seen = self.change > (self.visible_from if threshold is None else threshold)
        planes = np.stack(list(self.strength.values()))
        strongest = planes.argmax(axis=0)
        return {
            name: seen & (strongest == i) & (planes[i] > 0) for i, name in enumerate(self.strength)
        }

    def faint(self, threshold: float | None = None) -> NDArray[np.bool_]:
        """(H, W) bool: touched by damage but not visibly: neither to be found nor a false alarm.

        Args:
            threshold: code values; None: `visible_from`.
        """
        touched = np.zeros(self.damaged.shape[:2], np.bool_)
        for plane in self.strength.values():
            touched |= plane > 0
        least = self.visible_from if threshold is None else threshold
        return touched & (self.change <= least)


@dataclass(frozen=True, slots=True, eq=False)
class FilmedPicture:
    """A picture on undamaged film.

    Attributes:
        scene: (H, W, C) float32 code values, without grain.
        pixels: (H, W, C) float32 code values, with grain.
    """

    scene: NDArray[np.float32]
    pixels: NDArray[np.float32]


class DamagedFilm:
    """A recipe, a seed and a source of shapes; every frame depends on these and its number only."""

    def __init__(
        self, recipe: RecipeSettings, *, seed: int, shapes: ShapeSource | None = None
    ) -> None:
        self._recipe = recipe
        self._seed = seed
        self._shapes = ProceduralShapes() if shapes is None else shapes

    def marks(self, frame: FilmFrame, number: int, channels: int) -> list[Mark]:
        """The damage on a frame, before it is laid onto a picture.

        Args:
            frame: size of the picture in px and on the film.
            number: frame number.
            channels: channels of the picture, 1 or 3.
        """
        recipe, seed, shapes = self._recipe, self._seed, self._shapes
        found: list[Mark] = []
        for settings, damage_class in (
            (recipe.dirt, DamageClass.DIRT),
            (recipe.sparkle, DamageClass.SPARKLE),
        ):
            found += specks(settings, damage_class, frame, shapes, seed=seed, number=number)
        found += free_hairs(recipe.hair, frame, shapes, seed=seed, number=number)
        found += gate_hairs(recipe.hair, frame, seed=seed, number=number)
        for mark in scratches(recipe.scratch, frame, seed=seed, number=number):
            found.append(_for_channels(mark, channels))
        found += stains(recipe.stain, frame, shapes, seed=seed, number=number, channels=channels)
        found += tears(recipe.tear, frame, seed=seed, number=number)
        return found

    def frame(self, plate: NDArray[np.float32], number: int) -> DamagedFrame:
        """One frame of the film.

        Args:
            plate: (H, W, 1 or 3) float32 code values 0 to 1, in the recipe's tone.
            number: frame number.
        """
        return self.damage(self.filmed(plate, number), number)

    def filmed(self, plate: NDArray[np.float32], number: int) -> FilmedPicture:
        """The plate as it stands on undamaged film: unsteady, and with grain.

        Args:
            plate: (H, W, 1 or 3) float32 code values 0 to 1, in the recipe's tone.
            number: frame number.
        """
        recipe, seed = self._recipe, self._seed
        height, width, _ = plate.shape
        frame = FilmFrame.of(recipe.gauge, width, height)
        tone = recipe.tone
        scene = with_cue_mark(plate, recipe.cue, frame, tone, number=number)
        scene = with_flicker(scene, recipe.flicker, frame, tone, seed=seed, number=number)
        scene = with_weave(scene, recipe.weave, frame, seed=seed, number=number)
        clean = with_grain(scene, recipe.grain, frame, tone, seed=seed, number=number)
        return FilmedPicture(scene, clean)

    def damage(self, filmed: FilmedPicture, number: int) -> DamagedFrame:
        """What use makes of a picture on film: damage is laid on, then copies lose something.

        Args:
            filmed: from `filmed`, perhaps with something happened to it since.
            number: frame number.
        """
        recipe, scene, clean = self._recipe, filmed.scene, filmed.pixels
        height, width, channels = clean.shape
        frame, tone = FilmFrame.of(recipe.gauge, width, height), recipe.tone
        laid = lay(self.marks(frame, number, channels), clean, tone)
        strength = laid.strength
        loss = recipe.generation
        if loss.blur > 0:
            only_blur = loss.model_copy(update={"contrast": 1.0, "lift": 0.0, "jpeg": 0})
            strength = {
                name: np.ascontiguousarray(copied(plane[..., None], only_blur, frame)[..., 0])
                for name, plane in strength.items()
            }
        return DamagedFrame(
            number,
            copied(laid.pixels, loss, frame),
            copied(clean, loss, frame),
            copied(scene, loss.model_copy(update={"jpeg": 0}), frame),
            strength,
        )


def damage_sequence(
    plates: Sequence[NDArray[np.float32]],
    recipe: RecipeSettings,
    *,
    seed: int,
    first: int = 0,
    shapes: ShapeSource | None = None,
) -> list[DamagedFrame]:
    """Consecutive plates damaged; the same seed and frame number give the same bytes.

    Args:
        plates: (H, W, 1 or 3) float32 each, code values 0 to 1, consecutive frames.
        recipe: what happens to them.
        seed: chooses the film.
        first: frame number of the first plate.
        shapes: where outlines come from; None: drawn by rule.
    """
    film = DamagedFilm(recipe, seed=seed, shapes=shapes)
    return [film.frame(plate, first + i) for i, plate in enumerate(plates)]


def _for_channels(mark: Mark, channels: int) -> Mark:
    """A tinted mark on a monochrome picture takes the mean of its tints."""
    if len(mark.density) in (1, channels):
        return mark
    mean = sum(mark.density) / len(mark.density)
    return Mark(mark.damage_class, mark.opacity, mark.x, mark.y, (mean,))
