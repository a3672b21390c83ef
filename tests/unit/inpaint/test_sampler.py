"""Steps from noise to a fill."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.inpaint.known import fine_part, fine_variance_known
from filmrestore_core.inpaint.planes import FIRST, LENT, MATTE, NOISE, PLANE_NAMES, VALIDITY
from filmrestore_core.inpaint.sampler import (
    RESIDUAL_SCALE,
    STEP_PLANE_NAMES,
    Guidance,
    sample,
    schedule,
)

Planes = NDArray[np.float32]
SIDE = 64
HOLE = (slice(20, 44), slice(20, 44))


def _condition(*, valid: float = 1.0, quarrel: float = 0.0, sigma: float = 0.0) -> Planes:
    """A smooth picture with a square hole; neighbours show what the base shows."""
    planes = np.zeros((len(PLANE_NAMES), SIDE, SIDE), np.float32)
    along = np.linspace(0.2, 0.7, SIDE, dtype=np.float32)
    planes[FIRST] = along[None, None, :]
    planes[MATTE][HOLE] = 1.0
    planes[VALIDITY] = valid
    planes[LENT] = quarrel
    planes[NOISE] = sigma * 10.0
    return planes


def _noise(seed: int = 0) -> Planes:
    return np.random.default_rng(seed).standard_normal((3, SIDE, SIDE), np.float32)


def _bump() -> Planes:
    """A true residual of low and high frequency inside the hole."""
    rows = np.arange(SIDE, dtype=np.float32)
    wave = 0.3 + 0.2 * np.cos(rows * 2.0)[:, None] * np.ones(SIDE, np.float32)
    found = np.zeros((3, SIDE, SIDE), np.float32)
    found[:, HOLE[0], HOLE[1]] = wave[HOLE]
    return found


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
@pytest.mark.parametrize("start", [1.0, 0.4])
def test_a_net_that_knows_the_answer_is_followed(steps: int, start: float) -> None:
    condition, truth = _condition(), _bump()
    made = sample(lambda planes: truth, condition, _noise(), steps=steps, start=start)
    np.testing.assert_allclose(made, condition[FIRST] + truth / RESIDUAL_SCALE, atol=1e-6)


def test_the_net_sees_the_noise_the_time_and_the_condition() -> None:
    condition, truth, noise = _condition(), _bump(), _noise()
    seen: list[Planes] = []

    def step(planes: Planes) -> Planes:
        seen.append(planes.copy())
        return truth

    sample(step, condition, noise, steps=4, start=0.8)
    assert [p.shape for p in seen] == [(len(STEP_PLANE_NAMES), SIDE, SIDE)] * 4
    times = schedule(4, 0.8)
    for planes, time in zip(seen, times[:-1], strict=True):
        assert (planes[3] == np.float32(time)).all()
        assert (planes[4:] == condition).all()
    np.testing.assert_array_equal(seen[0][:3], np.float32(0.8) * noise)
    # With the right answer at each step, what the net sees is the true path but for the start.
    follows = 0.6 / 0.8 * seen[0][:3] + 0.25 * truth
    np.testing.assert_allclose(seen[1][:3], follows, atol=1e-5)


def test_at_full_fidelity_the_base_stays_where_neighbours_explain_it() -> None:
    condition = _condition()
    condition[VALIDITY, :, :32] = 0.0
    made = sample(lambda planes: _bump(), condition, _noise(), fidelity=1.0)
    np.testing.assert_array_equal(made[:, :, 32:], condition[FIRST][:, :, 32:])
    left = (slice(None), HOLE[0], slice(20, 32))
    wanted = (condition[FIRST] + _bump() / RESIDUAL_SCALE)[left]
    np.testing.assert_allclose(made[left], wanted, atol=1e-6)


def test_more_fidelity_is_nearer_to_the_base() -> None:
    condition = _condition()
    far = [
        float(
            np.abs(sample(lambda p: _bump(), condition, _noise(), fidelity=f) - condition[FIRST])[
                :, HOLE[0], HOLE[1]
            ].mean()
        )
        for f in (0.0, 0.5, 1.0)
    ]
    assert far[0] > 1.5 * far[1] > 0.0
    assert far[2] == 0.0


def test_neighbours_that_contradict_the_base_do_not_hold_it() -> None:
    condition = _condition(quarrel=0.3)
    made = sample(lambda planes: _bump(), condition, _noise(), fidelity=1.0)
    wanted = condition[FIRST] + _bump() / RESIDUAL_SCALE
    np.testing.assert_allclose(made, wanted, atol=1e-6)


def test_the_color_of_the_base_can_be_held_and_its_detail_left_free() -> None:
    condition, truth = _condition(valid=0.0), _bump()
    made = sample(lambda p: truth, condition, _noise(), guidance=Guidance(color=1.0))
    change = (made - condition[FIRST])[:, HOLE[0], HOLE[1]]
    free = (truth / RESIDUAL_SCALE)[:, HOLE[0], HOLE[1]]
    assert abs(float(change.mean())) < 0.05 * float(free.mean())
    assert change.std() > 0.9 * free.std()


def test_the_structure_of_the_base_can_be_held_where_neighbours_agree() -> None:
    truth = _bump()
    stds = []
    for valid in (1.0, 0.0):
        condition = _condition(valid=valid)
        made = sample(lambda p: truth, condition, _noise(), guidance=Guidance(structure=1.0))
        # Lines of the wave run across: their spread down the hole is the detail.
        stds.append((made - condition[FIRST])[:, HOLE[0], 30].std())
    assert stds[0] < 0.2 * stds[1]


def test_a_fill_can_be_kept_from_being_finer_than_what_lies_around() -> None:
    rng = np.random.default_rng(3)
    condition = _condition()
    condition[FIRST] += 0.01 * rng.standard_normal((3, SIDE, SIDE), np.float32)
    condition[FIRST][:, HOLE[0], HOLE[1]] = 0.4
    rough = np.zeros((3, SIDE, SIDE), np.float32)
    rough[:, HOLE[0], HOLE[1]] = rng.standard_normal((3, 24, 24), np.float32) * 0.4
    known = fine_variance_known(condition)
    found = []
    for fineness in (0.0, 1.0):
        guidance = Guidance(fineness=fineness)
        made = sample(lambda p: rough, condition, _noise(), guidance=guidance)
        found.append(float(np.square(fine_part(made)).mean(axis=0)[25:39, 25:39].mean()))
    assert found[0] > 10 * known
    # One softening takes less of what is not quite as fine: some is left beyond what is known.
    assert found[1] < 4 * known
    assert found[1] < 0.1 * found[0]


def test_grain_around_the_hole_is_not_taken_for_detail() -> None:
    rng = np.random.default_rng(4)
    condition = _condition(sigma=0.05)
    condition[FIRST] += 0.05 * rng.standard_normal((3, SIDE, SIDE), np.float32)
    condition[FIRST][:, HOLE[0], HOLE[1]] = 0.4
    # A tenth: the closed form of white grain's fine share is good to 5 percent, the sample too.
    assert fine_variance_known(condition) < 0.1 * 0.05**2


@pytest.mark.parametrize(("steps", "start"), [(0, 1.0), (2, 0.0), (2, 1.1)])
def test_steps_and_start_have_their_range(steps: int, start: float) -> None:
    with pytest.raises(ValueError, match="sample"):
        sample(lambda p: p[:3], _condition(), _noise(), steps=steps, start=start)


def test_fidelity_has_its_range() -> None:
    with pytest.raises(ValueError, match="Fidelity"):
        sample(lambda p: p[:3], _condition(), _noise(), fidelity=1.5)
