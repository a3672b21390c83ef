from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from filmrestore_core.learning.compare_fills.by_prior import DiffPIR, RePaint  # noqa: E402

SIDE = 24
MEAN = 0.3


class FlatPrior:
    """Knows that all pictures are one grey, 0.3 of 0..1, and nothing else."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, noised: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        self.times.append(float(t[0]))
        return (noised - (1 - t) * (2 * MEAN - 1)) / t


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(3).random((3, SIDE, SIDE), np.float32)


@pytest.fixture
def hole() -> np.ndarray:
    hole = np.zeros((SIDE, SIDE), bool)
    hole[6:15, 8:20] = True
    return hole


WAYS = [RePaint(4, times=2), DiffPIR(4), DiffPIR(4, start=0.5, fill=0.1)]


@pytest.mark.parametrize("way", WAYS, ids=repr)
def test_known_pixels_keep_their_bits_and_the_hole_is_the_priors(
    way: RePaint | DiffPIR, picture: np.ndarray, hole: np.ndarray
) -> None:
    guess = np.where(hole, np.float32(MEAN), picture)
    made = way(FlatPrior(), guess, hole, (1, 2))
    assert np.array_equal(made[:, ~hole], picture[:, ~hole])
    # Every way ends at the only picture that the prior and the measured fill can agree on.
    np.testing.assert_allclose(made[:, hole], MEAN, atol=1e-4)


@pytest.mark.parametrize("way", WAYS, ids=repr)
def test_the_key_alone_decides_the_noise(
    way: RePaint | DiffPIR, picture: np.ndarray, hole: np.ndarray
) -> None:
    def wavy(noised: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return torch.sin(3 * noised) + noised

    one, same, other = (way(wavy, picture, hole, key) for key in ((1, 2), (1, 2), (1, 3)))
    assert np.array_equal(one, same)
    assert not np.array_equal(one[:, hole], other[:, hole])


def test_each_asks_the_prior_as_often_as_it_says(picture: np.ndarray, hole: np.ndarray) -> None:
    once, often = FlatPrior(), FlatPrior()
    DiffPIR(5)(once, picture, hole, (0,))
    assert once.times == pytest.approx([0.98 * k / 5 for k in (5, 4, 3, 2, 1)])
    RePaint(5, times=3)(often, picture, hole, (0,))
    # The last step is gone once: there is no noise to go back to.
    assert len(often.times) == 4 * 3 + 1


def test_a_measured_fill_is_kept_the_more_the_surer_it_is(
    picture: np.ndarray, hole: np.ndarray
) -> None:
    guess = np.where(hole, np.float32(0.9), picture)
    firm, loose = (DiffPIR(6, fill=f)(FlatPrior(), guess, hole, (0,)) for f in (0.002, 1.0))
    assert abs(firm[:, hole].mean() - 0.9) < 0.1
    assert abs(loose[:, hole].mean() - MEAN) < 0.05


def test_senseless_plans_are_refused(picture: np.ndarray, hole: np.ndarray) -> None:
    for way in (RePaint(0), RePaint(3, times=0), DiffPIR(3, start=1.0)):
        with pytest.raises(ValueError, match="not"):
            way(FlatPrior(), picture, hole, (0,))
