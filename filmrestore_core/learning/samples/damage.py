"""A recipe at random: which damage lies on one made-up scene, and how large its pixels are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from filmrestore_core.synth.dust import SpeckSettings
from filmrestore_core.synth.gauge import FilmFrame
from filmrestore_core.synth.hair import HairSettings
from filmrestore_core.synth.recipe import RecipeSettings
from filmrestore_core.synth.scratch import ScratchSettings
from filmrestore_core.synth.stain import StainSettings

# Sides of a pixel on the film, micron: 35 mm at 4K to 35 mm at SD, and narrow film at all sizes.
_UM_PER_PX = (5.0, 30.0)
# Specks on half a megapixel.
_SPECKS = (3.0, 160.0)
_ON_PIXELS = 500_000
_UNDAMAGED = 0.12


@dataclass(frozen=True, slots=True)
class DrawnDamage:
    """What lies on a scene.

    Attributes:
        recipe: kinds and amounts.
        frame: size of the picture in px and on the film.
    """

    recipe: RecipeSettings
    frame: FilmFrame


def draw_damage(
    rng: np.random.Generator, height: int, width: int, *, fine: bool = False
) -> DrawnDamage:
    """A recipe at random; some scenes have none.

    Args:
        rng: of the scene.
        height: of the picture, px.
        width: of the picture, px.
        fine: specks as small as most are on real film, hairs and scratches as thin and faint.
    """
    um = _log_uniform(rng, *_UM_PER_PX)
    frame = FilmFrame(width, height, um)
    if rng.random() < _UNDAMAGED:
        return DrawnDamage(RecipeSettings(), frame)
    share = height * width / _ON_PIXELS

    def specks(often: float) -> SpeckSettings:
        count = _log_uniform(rng, *_SPECKS) * share if rng.random() < often else 0.0
        # Counted by pixels, not by film area, so that fine scans are not nearly always clean.
        return SpeckSettings(
            per_frame=count,
            area=_speck_area(rng, um, fine),
            spread=float(rng.uniform(0.5, 0.9)),
            large=float(rng.uniform(0.02, 0.15)),
            faintest=0.1,
        )

    dirt, sparkle = specks(0.85), specks(0.8)
    hairs = rng.random() < (0.7 if fine else 0.5)
    lines = 0.5 if fine else 0.35
    return DrawnDamage(
        RecipeSettings(
            dirt=dirt,
            sparkle=sparkle,
            hair=HairSettings(
                per_frame=_log_uniform(rng, 0.5, 8) * share if hairs else 0.0,
                length=_log_uniform(rng, 350, 900),
                in_gate=float(rng.uniform(0.5, 2.0)) if rng.random() < 0.2 else 0.0,
            ),
            scratch=ScratchSettings(
                present=_log_uniform(rng, 0.8, 5) if rng.random() < lines else 0.0,
                colored=float(rng.choice([0.0, 0.4])),
                faintest=0.06,
                width=_log_uniform(rng, *((8, 30) if fine else (15, 45))) * max(1.0, um / 14),
            ),
            stain=StainSettings(
                present=_log_uniform(rng, 0.6, 2.5) if rng.random() < 0.25 else 0.0,
                area=_log_uniform(rng, 0.002, 0.03) * height * width * um * um,
                faintest=0.08,
                strongest=0.8,
            ),
        ),
        frame,
    )


def _speck_area(rng: np.random.Generator, um: float, fine: bool) -> float:
    """Middle area, square micron."""
    if fine:
        # 3 to 20 px, whatever a pixel is.
        return float(_log_uniform(rng, 3, 20) * um * um)
    return float(_log_uniform(rng, 2500, 9000) * max(1.0, (um / 14) ** 1.2))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
