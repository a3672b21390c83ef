"""A net whose code has to be guessed is taught in two stages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from filmrestore_core.errors import SettingsError  # noqa: E402
from filmrestore_core.learning.samples.store import SceneStore  # noqa: E402
from filmrestore_core.learning.training.checkpoint import load_tensors  # noqa: E402
from filmrestore_core.learning.training.config import TrainingConfig  # noqa: E402
from filmrestore_core.learning.training.two_stage_trainer import TwoStageTrainer  # noqa: E402

SPEC = {
    "net": "diffir",
    "planes": "fill-t5-v2",
    "widths": [4, 8],
    "blocks": [1, 1],
    "heads": [1, 2],
    "code": 8,
    "seeing": 6,
}


def config(**further: Any) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "net": SPEC,
            "scenes": {"train": 4, "validation": 2},
            "steps": 8,
            "batch": 2,
            "warm_up": 1,
            "every": 2,
            "save_every": 2,
            "two_stage": {"first": 4},
            **further,
        }
    )


def trained(
    root: Path, out: Path, terms: TrainingConfig, until: int = 99
) -> tuple[dict[str, Any], TwoStageTrainer]:
    stores = SceneStore(root / "train"), SceneStore(root / "validation")
    trainer = TwoStageTrainer(terms, *stores, out, device="cpu")
    trainer.run(should_stop=lambda: trainer.step >= until)
    tensors, _ = load_tensors(out / "last.safetensors")
    return {k.removeprefix("net."): v for k, v in tensors.items() if k[:4] == "net."}, trainer


def test_first_the_teacher_learns_then_the_guesser(holes_root: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    begin, _ = trained(holes_root, tmp_path, config(), until=1)
    first, _ = trained(holes_root, tmp_path, config(), until=4)
    last, _ = trained(holes_root, tmp_path, config())

    def moved(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
        return {k.split(".")[0] for k in one if not torch.equal(one[k], other[k])}

    assert moved(begin, first) == {"fill", "teacher"}
    assert moved(first, last) == {"fill", "student", "guesser"}


def test_a_stopped_training_goes_on_exactly(holes_root: Path, tmp_path: Path) -> None:
    whole, _ = trained(holes_root, tmp_path / "whole", config())
    for until in (2, 4, 6, 99):
        parts, _ = trained(holes_root, tmp_path / "parts", config(), until=until)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_only_what_does_without_the_truth_is_measured(holes_root: Path, tmp_path: Path) -> None:
    trained(holes_root, tmp_path, config(), until=4)
    assert not (tmp_path / "best.safetensors").exists()
    trained(holes_root, tmp_path, config())
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "low_psnr" in row] == [6, 8]
    assert (tmp_path / "best.safetensors").is_file()


def test_each_stage_has_a_falling_rate(holes_root: Path, tmp_path: Path) -> None:
    stores = SceneStore(holes_root / "train"), SceneStore(holes_root / "validation")
    trainer = TwoStageTrainer(config(), *stores, tmp_path, device="cpu")
    rates = []
    for step in range(8):
        trainer.step = step
        rates.append(trainer._rate())
    assert rates[:4] == rates[4:]
    assert rates[1] > rates[2] > rates[3]


@pytest.mark.parametrize(
    ("further", "said"),
    [
        ({"two_stage": {"first": 8}}, "less than steps"),
        ({"net": {"net": "unet", "planes": "fill-t5-v2", "widths": [4, 8]}}, "has no two stages"),
    ],
)
def test_a_wrong_plan_is_a_sentence(
    further: dict[str, Any], said: str, holes_root: Path, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=said):
        trained(holes_root, tmp_path, config(**further))
