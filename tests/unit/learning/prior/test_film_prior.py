"""The film prior: what it predicts, how it learns, what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
F = torch.nn.functional

from filmrestore_core.cli.main import run  # noqa: E402
from filmrestore_core.errors import ModelContractError, SettingsError  # noqa: E402
from filmrestore_core.learning.nets.build import build_net  # noqa: E402
from filmrestore_core.learning.prior.crops import draw_crops, kept_crops  # noqa: E402
from filmrestore_core.learning.prior.film_prior import (  # noqa: E402
    FilmPrior,
    noised,
    open_prior,
    scaled,
)
from filmrestore_core.learning.samples.filmed_window import HEIGHT, WIDTH  # noqa: E402
from filmrestore_core.learning.samples.scene import CLEAN, PLANE_COUNT  # noqa: E402
from filmrestore_core.learning.samples.store import SceneStore  # noqa: E402
from filmrestore_core.learning.training.checkpoint import NET_KEY, save_tensors  # noqa: E402
from filmrestore_core.learning.training.config import TrainingConfig  # noqa: E402
from filmrestore_core.learning.training.prior_trainer import PriorTrainer  # noqa: E402
from filmrestore_core.learning.training.trainer import BEST, LAST  # noqa: E402
from filmrestore_core.noise import generator  # noqa: E402

SPEC: dict[str, Any] = {"net": "film-prior", "widths": [8, 8], "groups": 2}
CONFIG: dict[str, Any] = {
    "net": SPEC,
    "scenes": {"train": 4, "validation": 2, "seed": 11, "apart": ["tower"]},
    "steps": 4,
    "batch": 2,
    "crop": 32,
    "warm_up": 1,
    "every": 2,
    "save_every": 2,
}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders train and validation of scenes with nothing in them but soft clean pictures."""
    root = tmp_path_factory.mktemp("clean")
    for side, count in (("train", 4), ("validation", 2)):
        for index in range(count):
            planes = np.zeros((PLANE_COUNT, HEIGHT, WIDTH), np.uint8)
            coarse = generator(2, side, index).integers(40, 200, (3, HEIGHT // 16, WIDTH // 16))
            planes[CLEAN] = np.repeat(np.repeat(coarse, 16, axis=1), 16, axis=2)
            SceneStore(root / side).write(index, planes, {})
    return root


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _prior() -> FilmPrior:
    torch.manual_seed(5)
    return build_net(SPEC)


def test_its_walk_is_that_of_diffusers() -> None:
    prior = _prior().eval()
    x, t = torch.randn(2, 3, 16, 24), torch.tensor([0.2, 0.9])
    with torch.inference_mode():
        theirs = F.pixel_shuffle(prior.unet(F.pixel_unshuffle(x, 2), t * 1000).sample, 2)
        assert torch.equal(prior(x, t), theirs)
        noise, features = prior.noise_and_features(x, t)
        assert torch.equal(features, prior.features(x, t))
        assert torch.equal(noise, prior.predict_noise(x, t))
    assert features.shape == (2, 8, 4, 6)


def test_noise_and_picture_fit_together() -> None:
    """What it calls noise and what it calls picture make up what it was shown."""
    prior = _prior().eval()
    x, t = torch.randn(2, 3, 16, 16), torch.tensor([0.3, 0.8])
    with torch.inference_mode():
        again = noised(prior.predict_picture(x, t), prior.predict_noise(x, t), t)
    torch.testing.assert_close(again, x, rtol=0, atol=1e-5)


def test_noising_ends_at_picture_and_noise() -> None:
    picture, noise = scaled(torch.rand(2, 3, 4, 4)), torch.randn(2, 3, 4, 4)
    assert float(picture.min()) >= -1
    assert torch.equal(noised(picture, noise, torch.zeros(2)), picture)
    assert torch.equal(noised(picture, noise, torch.ones(2)), noise)


def test_crops_are_of_the_clean_picture_and_depend_on_the_step_only(scenes: Path) -> None:
    store = SceneStore(scenes / "train")
    pictures, noise, times = draw_crops(store, 4, batch=3, crop=32, seed=1, step=7)
    again = draw_crops(store, 4, batch=3, crop=32, seed=1, step=7)
    assert all((a == b).all() for a, b in zip((pictures, noise, times), again, strict=True))
    other = draw_crops(store, 4, batch=3, crop=32, seed=1, step=8)
    assert not (pictures == other[0]).all()
    assert ((times > 0) & (times < 1)).all()
    kept, _ = kept_crops(store, 2, crop=384, seed=1)
    assert kept.shape == (4, 3, 384, 384)
    clean = store.planes(0)[CLEAN] / 255.0 * 2 - 1
    # Half a code of dither on either side; the scene is as high as the crop, and wider.
    gaps = [abs(kept[0] - clean[:, :, x : x + 384]).max() for x in range(clean.shape[2] - 383)]
    assert min(gaps) <= 1.01 / 255


def test_a_stopped_training_goes_on_as_if_it_had_not_been(scenes: Path, tmp_path: Path) -> None:
    def trainer(out: Path) -> PriorTrainer:
        stores = (SceneStore(scenes / "train"), SceneStore(scenes / "validation"))
        return PriorTrainer(TrainingConfig.model_validate(CONFIG), *stores, out, device="cpu")

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    figures = trainer(whole).run()
    assert figures is not None
    assert figures["explained"] < 1
    first = trainer(parts)
    first.run(should_stop=lambda: first.step >= 2)
    assert trainer(parts).run() == figures
    assert (whole / LAST).read_bytes() == (parts / LAST).read_bytes()
    prior = open_prior(whole / BEST)
    assert not any(p.requires_grad for p in prior.parameters())
    shown = torch.rand(1, 3, 16, 16, requires_grad=True)
    prior.features(shown, torch.tensor([0.5])).sum().backward()
    assert shown.grad is not None
    assert bool(shown.grad.any())


def test_it_learns_to_tell_noise_from_a_flat_picture() -> None:
    prior = _prior()
    chance = torch.Generator().manual_seed(3)
    optimizer = torch.optim.AdamW(prior.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        picture = torch.full((4, 3, 8, 8), 0.4)
        noise = torch.randn(picture.shape, generator=chance)
        t = 0.5 + 0.5 * torch.rand(4, generator=chance)
        loss = (prior(noised(picture, noise, t), t) - (noise - picture)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-10:]) < 0.75 * sum(losses[:10])


def test_what_is_no_prior_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_tensors(path, {"x": torch.zeros(1)}, {NET_KEY: {"net": "unet", "planes": "t5-v2"}})
    with pytest.raises(ModelContractError, match="not a film prior"):
        open_prior(path)
    save_tensors(path, {"x": torch.zeros(1)}, {NET_KEY: SPEC})
    with pytest.raises(ModelContractError, match="weights of another net"):
        open_prior(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"depth": 3}, "cannot be built with"), ({"widths": [8, 9]}, "in 2 groups")],
)
def test_a_wrong_description_is_a_sentence(change: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        build_net(SPEC | change)


def test_the_command_asks_for_a_configuration(capsys: Any, tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.yaml")
    line = ["train", "prior", absent, "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert run(line) == 2
    assert "absent.yaml" in capsys.readouterr().err
