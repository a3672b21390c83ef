"""The pull in the sampler: as strong as said for any sampler, and stopped when asked."""

from __future__ import annotations

import numpy as np
import pytest

from filmrestore_core.color.display import display_values, working_of_display
from filmrestore_core.color.encoding import find_encoding
from filmrestore_core.errors import Stopped

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from filmrestore_core.learning.diffusion.crops import crops_of  # noqa: E402
from filmrestore_core.learning.diffusion.temporal_bias import TemporalBias, share  # noqa: E402

# Diffusers hands tensors to numpy in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

STEPS = 6
SAMPLERS = [
    ("DDIMScheduler", {"clip_sample": False, "prediction_type": "epsilon"}),
    ("DDIMScheduler", {"clip_sample": False, "prediction_type": "v_prediction"}),
    ("DDIMScheduler", {"clip_sample": False, "prediction_type": "sample"}),
    ("EulerDiscreteScheduler", {"prediction_type": "epsilon"}),
    ("EulerDiscreteScheduler", {"prediction_type": "v_prediction"}),
    ("DPMSolverMultistepScheduler", {"prediction_type": "epsilon"}),
    ("FlowMatchEulerDiscreteScheduler", {}),
]


def in_a_row(latents):
    """(1, C, h, w) latents as the (1, h * w, C) that Flux types take."""
    return latents.flatten(2).transpose(1, 2)


def sampled(name, how, *, fidelity, stop_at=99, pack=None):
    """What a sampler ends at whose model predicts noise at random; the latents it began from."""
    scheduler = getattr(diffusers, name)(**how)
    seed = torch.Generator().manual_seed(5)
    clean = torch.randn(1, 4, 6, 8, generator=seed)
    known = torch.zeros(1, 1, 6, 8)
    known[..., :2] = 1.0
    asked = []

    def should_stop():
        asked.append(1)
        return len(asked) > stop_at

    bias = TemporalBias(
        scheduler,
        known=known,
        shown=torch.ones(1, 1, 6, 8),
        fidelity=fidelity,
        steps=STEPS,
        pack=pack,
        should_stop=should_stop,
    )
    scheduler.set_timesteps(STEPS)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    noise = torch.randn(clean.shape, generator=seed)
    times = scheduler.timesteps[:1]
    if "Flow" in name:
        sample = scheduler.scale_noise(clean, times, noise)
    else:
        sample = scheduler.add_noise(clean, noise, times)
    assert torch.equal(bias.clean, clean)
    sample = sample if pack is None else pack(sample)
    for time in scheduler.timesteps:
        guess = torch.randn(sample.shape, generator=seed)
        sample = scheduler.step(guess, time, sample).prev_sample
    return clean, sample


@pytest.mark.parametrize(("name", "how"), SAMPLERS, ids=lambda v: str(v)[:30])
def test_full_fidelity_ends_at_the_first_fill_and_none_leaves_it_free(name, how):
    clean, close = sampled(name, how, fidelity=1.0)
    _, half = sampled(name, how, fidelity=0.5)
    _, free = sampled(name, how, fidelity=0.0)
    # DDIM's last step leaves the noise of the first of a thousand time steps: 1 % of its spread.
    assert torch.abs(close - clean).max() < 0.15
    away = [float(torch.abs(s - clean)[..., 2:].mean()) for s in (close, half, free)]
    assert away[0] < away[1] < away[2]
    # What is known is held whatever the fidelity.
    assert torch.abs(free - clean)[..., :2].max() < 0.15


def test_latents_in_a_row_are_pulled_too():
    name, how = SAMPLERS[-1]
    clean, close = sampled(name, how, fidelity=1.0, pack=in_a_row)
    _, free = sampled(name, how, fidelity=0.0, pack=in_a_row)
    # Flow matching ends without noise: what is left is rounding.
    assert torch.abs(close - in_a_row(clean)).max() < 1e-3
    assert torch.abs(free - in_a_row(clean)).mean() > 0.1


def test_the_share_falls_with_the_steps():
    assert share(1.0, 0.0) == share(1.0, 1.0) == 1.0
    assert share(0.0, 0.5) == 0.0
    assert share(0.5, 0.0) == 0.5
    assert share(0.5, 1.0) == 0.25


def test_it_stops_between_steps():
    name, how = SAMPLERS[0]
    with pytest.raises(Stopped):
        sampled(name, how, fidelity=0.5, stop_at=3)


def test_a_place_has_the_same_crop_whatever_else_is_damaged():
    one = np.zeros((300, 500), bool)
    one[120:130, 210:215] = True
    more = one.copy()
    more[5:9, :] = True
    few = {c.key: c for c in crops_of(one, origin=(0, 0), side=128)}
    many = {c.key: c for c in crops_of(more, origin=(0, 0), side=128)}
    for key, crop in few.items():
        assert many[key].box == crop.box
    filled = np.zeros_like(more, int)
    for crop in many.values():
        assert crop.box.shape == (128, 128)
        filled[crop.place] += crop.own
    assert np.array_equal(filled, more)


@pytest.mark.parametrize("name", ["cineon", "srgb", "rec709", "acescg"])
def test_the_way_to_the_display_and_back_loses_nothing(name):
    encoding = find_encoding(name)
    working = np.linspace(0.12, 0.6, 300, dtype=np.float32)
    shown = display_values(working, encoding)
    # Rounded to float32 once: far below a 16-bit code.
    np.testing.assert_allclose(working_of_display(shown, encoding), working, atol=2e-6)
