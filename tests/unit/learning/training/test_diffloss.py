"""DiffLoss: what a frozen model of film makes of a fill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402

from filmrestore_core.errors import SettingsError  # noqa: E402
from filmrestore_core.learning.training.checkpoint import (  # noqa: E402
    NET_KEY,
    STATE_KEY,
    load_tensors,
    save_tensors,
)
from filmrestore_core.learning.training.config import TrainingConfig  # noqa: E402
from filmrestore_core.learning.training.diffloss import (  # noqa: E402
    DiffLoss,
    best_places,
    cut,
    fingerprint,
)

SIDE, CROP = 64, 32
SPEC = {"net": "unet", "planes": "fill-t5-v2", "widths": [4, 8], "blocks": 1}


class Convolutions(nn.Module):
    """A model that is small enough to reason about."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.down = nn.Conv2d(3, 6, 4, stride=4)
        self.up = nn.ConvTranspose2d(6, 3, 4, stride=4)
        self.requires_grad_(False)

    def features(self, noised: Tensor, t: Tensor) -> Tensor:
        return torch.tanh(self.down(noised)) + t.view(-1, 1, 1, 1)

    def predict_noise(self, noised: Tensor, t: Tensor) -> Tensor:
        return self.noise_and_features(noised, t)[0]

    def noise_and_features(self, noised: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(noised, t)
        return noised - self.up(features), features


def judge(natural: float = 1.0, semantic: float = 1.0) -> DiffLoss:
    return DiffLoss(Convolutions(), natural, semantic, CROP, seed=1)


def batch(count: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """Picture without grain, with it, and a hole."""
    chance = torch.Generator().manual_seed(2)
    bare = torch.rand(count, 3, SIDE, SIDE, generator=chance)
    truth = bare + 0.03 * torch.randn(bare.shape, generator=chance)
    coverage = torch.zeros(count, 1, SIDE, SIDE)
    coverage[:, :, 30:50, 22:40] = 1
    return bare, truth, coverage


@pytest.mark.parametrize(("natural", "semantic"), [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_the_truth_costs_nothing_and_an_error_costs_more_the_larger(
    natural: float, semantic: float
) -> None:
    bare, truth, coverage = batch()
    losses = [
        float(judge(natural, semantic)(bare + by, bare, truth, coverage, step=3))
        for by in (0.0, 0.05, 0.2)
    ]
    assert losses[0] == 0
    assert 0 < losses[1] < losses[2]


def test_both_are_the_sum_of_each() -> None:
    bare, truth, coverage = batch()
    fill = bare + 0.1
    natural, semantic, both = (
        float(judge(*weights)(fill, bare, truth, coverage, step=3))
        for weights in ((2.0, 0.0), (0.0, 0.5), (2.0, 0.5))
    )
    # Two sums in another order.
    assert both == pytest.approx(natural + semantic, rel=1e-5)


def test_only_the_hole_is_judged_and_only_the_fill_learns() -> None:
    bare, truth, coverage = batch()
    fill = (bare + 0.1).requires_grad_()
    made = judge()
    made(fill, bare, truth, coverage, step=3).backward()
    grad = fill.grad
    assert grad is not None
    inside = (coverage > 0).expand_as(grad)
    assert float(grad[~inside].abs().max()) == 0
    # The hole reaches no further than the crop.
    assert float((grad[inside] != 0).float().mean()) > 0.9
    assert isinstance(made.model, Convolutions)
    assert all(p.grad is None for p in made.model.parameters())


def test_time_and_noise_are_those_of_the_step() -> None:
    bare, truth, coverage = batch()
    found = [float(judge()(bare + 0.1, bare, truth, coverage, step=step)) for step in (3, 3, 4)]
    assert found[0] == found[1] != found[2]


def test_a_fill_with_a_grain_of_its_own_is_told_from_one_without() -> None:
    bare, truth, coverage = batch()
    grain = 0.03 * torch.randn(bare.shape, generator=torch.Generator().manual_seed(9))
    assert float(judge()(bare + grain, bare, truth, coverage, step=3)) > 0


def test_the_crop_lies_where_most_of_the_hole_is() -> None:
    coverage = torch.zeros(3, 1, SIDE, SIDE)
    coverage[0, :, 60:, 60:] = 1
    coverage[1, :, 2:6, 40:48] = 1
    places = best_places(coverage, CROP)
    held = cut(coverage, places, CROP).sum(dim=(1, 2, 3))
    assert held.tolist() == coverage.sum(dim=(1, 2, 3)).tolist()


def config(**further: Any) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "net": SPEC,
            "scenes": {"train": 4, "validation": 2},
            "steps": 4,
            "batch": 2,
            "warm_up": 1,
            "every": 4,
            "save_every": 2,
            **further,
        }
    )


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small film prior with fresh weights."""
    pytest.importorskip("diffusers")
    from filmrestore_core.learning.nets.build import build_net

    torch.manual_seed(8)
    spec = {"net": "film-prior", "widths": [8, 8], "groups": 4}
    path = tmp_path_factory.mktemp("prior") / "best.safetensors"
    save_tensors(path, build_net(spec).state_dict(), {NET_KEY: spec})
    return path


def trained(
    terms: TrainingConfig, root: Path, out: Path, prior: Path | None, until: int = 4
) -> dict[str, Any]:
    from filmrestore_core.learning.samples.store import SceneStore
    from filmrestore_core.learning.training.fill_trainer import FillTrainer

    stores = SceneStore(root / "train"), SceneStore(root / "validation")
    trainer = FillTrainer(terms, *stores, out, prior=prior, device="cpu")
    trainer.run(should_stop=lambda: trainer.step >= until)
    return dict(load_tensors(out / "last.safetensors")[0])


def test_a_training_that_is_judged_goes_on_exactly(
    holes_root: Path, prior: Path, tmp_path: Path
) -> None:
    terms = config(diffloss={"natural": 0.1, "semantic": 0.1, "crop": CROP})
    whole = trained(terms, holes_root, tmp_path / "whole", prior)
    trained(terms, holes_root, tmp_path / "parts", prior, until=2)
    parts = trained(terms, holes_root, tmp_path / "parts", prior)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    plain = trained(config(), holes_root, tmp_path / "plain", None)
    assert any(not torch.equal(whole[name], plain[name]) for name in plain)
    facts = load_tensors(tmp_path / "whole" / "best.safetensors")[1]
    assert facts[STATE_KEY]["prior"] == fingerprint(prior)


def test_a_training_keeps_to_its_prior(holes_root: Path, prior: Path, tmp_path: Path) -> None:
    terms = config(diffloss={"natural": 0.1, "crop": CROP})
    with pytest.raises(SettingsError, match="asks a film prior"):
        trained(terms, holes_root, tmp_path / "none", None)
    trained(terms, holes_root, tmp_path / "run", prior, until=2)
    tensors, facts = load_tensors(prior)
    other = tmp_path / "other.safetensors"
    save_tensors(other, {k: v + 0.1 for k, v in tensors.items()}, facts)
    with pytest.raises(SettingsError, match="another prior"):
        trained(terms, holes_root, tmp_path / "run", other)


def test_log_and_first_figures_are_those_of_the_first_fill(
    holes_root: Path, tmp_path: Path
) -> None:
    trained(config(rate=1e-9), holes_root, tmp_path, None)
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    (found,) = [row for row in rows if "low_psnr" in row]
    assert found["crops"] == 4
    assert found["low_psnr"] == pytest.approx(found["first_low_psnr"], abs=2e-3)
    assert np.isfinite(found["psnr"])
