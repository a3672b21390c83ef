"""Random samples from a key: the only randomness in a render."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np


def generator(seed: int, *key: int | str) -> np.random.Generator:
    """A generator that depends on (seed, key...) and nothing else.

    A counter-based Philox stream keyed by a digest, so that frame N's noise is the same alone, in
    any chunk and on any machine with the same numpy (Salmon et al., "Parallel random numbers: as
    easy as 1, 2, 3", 2011).

    Args:
        seed: the user's seed.
        key: what the noise is for: frame number, purpose, position.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in (seed, *key))
    digest = blake2b(text.encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))
