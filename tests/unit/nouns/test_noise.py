from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from filmrestore_core.noise import generator


def test_the_same_key_gives_the_same_samples_in_another_process() -> None:
    code = (
        "from filmrestore_core.noise import generator;"
        "print(generator(3, 1047, 'grain').integers(0, 2**32, 4).tolist())"
    )
    root = Path(__file__).parents[3]
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == str(generator(3, 1047, "grain").integers(0, 2**32, 4).tolist())


def test_every_part_of_the_key_counts() -> None:
    keys = [(0, 1, "grain"), (1, 1, "grain"), (0, 2, "grain"), (0, 1, "weave"), (0, "1", "grain")]
    draws = [generator(k[0], *k[1:]).standard_normal(8) for k in keys]
    for i, a in enumerate(draws):
        for b in draws[i + 1 :]:
            assert not np.array_equal(a, b)
    assert not np.array_equal(generator(0, 12, 3).random(4), generator(0, 1, 23).random(4))
