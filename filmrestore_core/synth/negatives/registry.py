"""add_negative: the door to all hard negatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.noise import generator
from filmrestore_core.synth.negatives.ball import balls
from filmrestore_core.synth.negatives.blocks import blocks
from filmrestore_core.synth.negatives.confetti import confetti
from filmrestore_core.synth.negatives.cut import cut
from filmrestore_core.synth.negatives.exposure_flash import exposure_flash
from filmrestore_core.synth.negatives.flashes import flashes
from filmrestore_core.synth.negatives.kinds import NegativeKind
from filmrestore_core.synth.negatives.local_flicker import local_flicker
from filmrestore_core.synth.negatives.noise_burst import noise_burst
from filmrestore_core.synth.negatives.occlusion import occlusion
from filmrestore_core.synth.negatives.rain import rain
from filmrestore_core.synth.negatives.repeats import repeats
from filmrestore_core.synth.negatives.snow import snow
from filmrestore_core.synth.negatives.sparks import sparks
from filmrestore_core.synth.negatives.spray import spray
from filmrestore_core.synth.negatives.text import text
from filmrestore_core.synth.negatives.whip_pan import whip_pan
from filmrestore_core.synth.negatives.wings import wings

Picture = NDArray[np.float32]

_ADDERS: Mapping[NegativeKind, Callable[[Sequence[Picture], np.random.Generator], list[Picture]]]
_ADDERS = {
    NegativeKind.RAIN: rain,
    NegativeKind.SNOW: snow,
    NegativeKind.SPARKS: sparks,
    NegativeKind.SPRAY: spray,
    NegativeKind.CONFETTI: confetti,
    NegativeKind.FLASHES: flashes,
    NegativeKind.TEXT: text,
    NegativeKind.BALLS: balls,
    NegativeKind.WINGS: wings,
    NegativeKind.OCCLUSION: occlusion,
    NegativeKind.WHIP_PAN: whip_pan,
    NegativeKind.NOISE_BURST: noise_burst,
    NegativeKind.REPEATS: repeats,
    NegativeKind.LOCAL_FLICKER: local_flicker,
    NegativeKind.EXPOSURE_FLASH: exposure_flash,
    NegativeKind.BLOCKS: blocks,
}


def add_negative(
    kind: NegativeKind,
    frames: Sequence[Picture],
    *,
    seed: int,
    other: Sequence[Picture] | None = None,
) -> list[Picture]:
    """The frames with something that is no damage; the same arguments give the same bytes.

    Kinds with `after_grain` belong on grained frames, the others on frames before grain.

    Args:
        kind: what.
        frames: (H, W, 1 or 3) float32 each, code values 0 to 1, consecutive; left as they are.
        seed: chooses how much, how fast, where.
        other: for a cut, as many frames of another shot, of the same shape.

    Returns:
        As many frames, float32 0 to 1; a frame on which nothing happens may be the given array.
    """
    rng = generator(seed, "negative", kind.value)
    add = partial(cut, other=other) if kind is NegativeKind.CUT else _ADDERS[kind]
    made = add(frames, rng)
    return [np.ascontiguousarray(picture, np.float32) for picture in made]
