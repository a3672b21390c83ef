"""Training a diffusing net: samples, exact resuming, the base it starts from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from filmrestore_core.cli.main import run  # noqa: E402
from filmrestore_core.errors import ModelContractError, SettingsError  # noqa: E402
from filmrestore_core.inpaint.planes import FIRST, MATTE, PLANE_NAMES  # noqa: E402
from filmrestore_core.learning.nets.build import build_net  # noqa: E402
from filmrestore_core.learning.samples.store import SceneStore  # noqa: E402
from filmrestore_core.learning.training.checkpoint import (  # noqa: E402
    NET_KEY,
    STATE_KEY,
    load_tensors,
    save_tensors,
)
from filmrestore_core.learning.training.config import TrainingConfig  # noqa: E402
from filmrestore_core.learning.training.diffusing_batches import draw_diffusing_batch  # noqa: E402
from filmrestore_core.learning.training.diffusing_trainer import (  # noqa: E402
    DiffusingTrainer,
    evenness,
    open_base,
)
from filmrestore_core.learning.training.fill_batches import HoleCrops  # noqa: E402
from filmrestore_core.learning.training.trainer import BEST, LAST  # noqa: E402

NET = {
    "net": "diffusing-unet",
    "planes": "diffuse-t5-v1",
    "neighbors": "channels",
    "widths": [4, 4, 4, 4],
    "steer": 4,
}
CONFIG: dict[str, Any] = {
    "net": NET,
    "scenes": {"train": 4, "validation": 2},
    "steps": 4,
    "batch": 2,
    "crop": 32,
    "warm_up": 1,
    "every": 2,
    "save_every": 2,
}


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A filling net that leaves the first fill as it is, but for a shade."""
    spec = {"net": "unet", "planes": "fill-t5-v2", "widths": [4, 4], "blocks": 1}
    torch.manual_seed(2)
    net = build_net(spec)
    with torch.no_grad():
        # Colors come first, each of four pixels.
        net.leave.bias[:12] = 0.02
    save_tensors(tmp_path / "fill.safetensors", net.state_dict(), {NET_KEY: spec})
    return tmp_path / "fill.safetensors"


def _trainer(root: Path, out: Path, base: Path | None = None, **changes: Any) -> DiffusingTrainer:
    config = TrainingConfig.model_validate(CONFIG | changes)
    stores = (SceneStore(root / "train"), SceneStore(root / "validation"))
    return DiffusingTrainer(config, *stores, out, base=base, device="cpu")


def test_batches_show_holes_and_depend_on_seed_and_step_only(holes_root: Path) -> None:
    crops = HoleCrops(SceneStore(holes_root / "train"), 4)
    one, again = (draw_diffusing_batch(crops, batch=3, crop=32, seed=1, step=5) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    planes, bare, noise, times, based = one
    assert set(based.tolist()) <= {0.0, 1.0}
    assert planes.shape == (3, len(PLANE_NAMES), 32, 32)
    assert bare.shape == noise.shape == (3, 3, 32, 32)
    assert ((times > 0) & (times <= 1)).all()
    assert (planes[:, MATTE].max(axis=(1, 2)) > 0).all()
    # Where nothing is covered, fill and truth differ by grain only.
    seen = np.broadcast_to(planes[:, MATTE, None] == 0, bare.shape)
    assert np.abs((planes[:, FIRST] - bare)[seen]).max() < 0.2
    other = draw_diffusing_batch(crops, batch=3, crop=32, seed=1, step=6)
    assert not np.array_equal(noise, other[2])
    many = draw_diffusing_batch(crops, batch=200, crop=16, seed=1, step=5)[3]
    assert 0.05 < (many == 1).mean() < 0.3


def test_a_stopped_training_goes_on_as_if_it_had_not_been(
    holes_root: Path, tmp_path: Path, base: Path
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    figures = _trainer(holes_root, whole, base).run()
    assert figures is not None
    first = _trainer(holes_root, parts, base)
    first.run(should_stop=lambda: first.step >= 2)
    assert _trainer(holes_root, parts, base).run() == figures
    assert (whole / LAST).read_bytes() == (parts / LAST).read_bytes()
    assert load_tensors(whole / BEST)[1][STATE_KEY]["base"]
    with pytest.raises(SettingsError, match="another base"):
        _trainer(holes_root, parts)


def test_the_base_is_what_is_measured_against(holes_root: Path, tmp_path: Path, base: Path) -> None:
    """The first fill is 0.2 too bright everywhere in the hole; the base 0.22."""
    plain = _trainer(holes_root, tmp_path / "plain", steps=2).run()
    moved = _trainer(holes_root, tmp_path / "moved", base, steps=2).run()
    assert plain is not None
    assert moved is not None
    for figures, off in ((plain, 0.2), (moved, 0.22)):
        # Grain of 0.03 lies on the first fill as well.
        expected = -10 * np.log10(off**2 + 0.03**2)
        assert figures["psnr base"] == pytest.approx(expected, abs=0.15)


def test_a_local_spread_begins_with_the_weights_of_one_without(
    holes_root: Path, tmp_path: Path
) -> None:
    _trainer(holes_root, tmp_path / "one", steps=2).run()
    start = tmp_path / "one" / BEST
    stores = [SceneStore(holes_root / side) for side in ("train", "validation")]
    config = TrainingConfig.model_validate(
        CONFIG | {"net": NET | {"spread": "local"}, "steps": 2, "even": 1.0}
    )
    figures = DiffusingTrainer(config, *stores, tmp_path / "local", device="cpu", start=start).run()
    assert figures is not None
    tensors, facts = load_tensors(tmp_path / "local" / BEST)
    assert facts[NET_KEY]["spread"] == "local"
    assert tensors.keys() - load_tensors(start)[0].keys() == {"uncertain.weight", "uncertain.bias"}
    wider = TrainingConfig.model_validate(CONFIG | {"net": NET | {"steer": 8}})
    with pytest.raises(SettingsError, match="holds the net"):
        DiffusingTrainer(wider, *stores, tmp_path / "wider", device="cpu", start=start)


def test_crops_without_contrast_count_more_if_they_are_told_to() -> None:
    planes = torch.zeros(2, len(PLANE_NAMES), 8, 8)
    planes[1, FIRST, :, ::2] = 0.8
    flat, busy = evenness(planes, 1.0).tolist()
    assert flat == pytest.approx(4.0)
    assert busy < 0.5
    assert evenness(planes, 0.0).tolist() == [1.0, 1.0]


def test_a_base_must_be_a_filling_net(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_tensors(path, {"x": torch.zeros(1)}, {NET_KEY: NET})
    with pytest.raises(ModelContractError, match="not a filling net"):
        open_base(path, torch.device("cpu"))


def test_the_command_asks_for_a_configuration(capsys: Any, tmp_path: Path) -> None:
    absent = str(tmp_path / "absent.yaml")
    line = ["train", "diffusion", absent, "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert run(line) == 2
    assert "absent.yaml" in capsys.readouterr().err
