"""`filmrestore adapt` end to end: verdicts, resuming, refusals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("safetensors")

from filmrestore_core.cli.adapt_film import ClipFilm  # noqa: E402
from filmrestore_core.cli.main import run  # noqa: E402
from filmrestore_core.errors import Stopped  # noqa: E402
from filmrestore_core.learning.adapt.base_weights import find_base  # noqa: E402
from filmrestore_core.learning.adapt.plan import Extent, write_extent  # noqa: E402
from filmrestore_core.learning.adapt.run import Wish, adapt, asked_for  # noqa: E402
from filmrestore_core.learning.adapt.verdict import (  # noqa: E402
    NO_GAIN,
    Adapted,
    Figures,
    write_report,
)
from filmrestore_core.learning.nets.build import build_net  # noqa: E402
from filmrestore_core.learning.training.checkpoint import NET_KEY, save_tensors  # noqa: E402
from filmrestore_core.media.open import open_clip  # noqa: E402
from filmrestore_core.models.store import ModelStore, open_lone  # noqa: E402
from filmrestore_core.settings import RestoreSettings  # noqa: E402
from filmrestore_core.synth.shapes import ProceduralShapes  # noqa: E402

SPEC: dict[str, Any] = {"net": "unet", "planes": "t5-v1", "widths": [6, 10], "blocks": 1}


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _line(film: Path, model: Path, out: Path, *more: str) -> list[str]:
    line = ["adapt", str(film), "--out", str(out), "--model", str(model), "--device", "cpu"]
    return [*line, "--threads", "1", *more]


@pytest.mark.slow
def test_without_a_gain_only_the_report_is_written(
    film_folder: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Two steps teach nothing.
    line = _line(film_folder, tiny_model, tmp_path, "--windows", "8", "--steps", "2")
    assert run(line) == 0
    said = capsys.readouterr()
    assert NO_GAIN in said.out
    assert "| before |" in said.out
    assert "steps: 2 of 2" in said.err
    assert {f.name for f in tmp_path.iterdir()} == {"plan.json", "adapt.md", "adapt.json"}
    assert (tmp_path / "adapt.md").read_text(encoding="utf-8") == said.out
    report = json.loads((tmp_path / "adapt.json").read_text(encoding="utf-8"))
    assert report["gained"] is False
    assert 0.5 < report["usable"] < 0.56  # 300 x 360 of 384 x 512
    # Asked again it says the same at once.
    assert run(line) == 0
    again = capsys.readouterr()
    assert again.out == said.out
    assert again.err == ""
    other = _line(film_folder, tiny_model, tmp_path, "--windows", "8", "--steps", "3")
    assert run(other) == 2
    assert "another adaptation" in capsys.readouterr().err


def test_wrong_requests_are_sentences(
    film_folder: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*line: str) -> tuple[int, str]:
        return run(list(line)), capsys.readouterr().err

    out = tmp_path / "out"
    for more, code, words in (
        (("--windows", "8"), 2, "belong together"),
        (("--windows", "5", "--steps", "5"), 2, "too few"),
        (("--device", "abacus"), 1, "abacus"),
        (("--range", "1-9", "--windows", "8", "--steps", "2"), 2, "has 9 frames"),
        (("--range", "77-99"), 2, "None of the frames"),
    ):
        found, text = said(*_line(film_folder, tiny_model, out, *more))
        assert found == code, text
        assert words in text
        assert "Traceback" not in text
    assert said(*_line(tmp_path / "nothing", tiny_model, out))[0] == 1
    bare = tmp_path / tiny_model.name
    shutil.copy(tiny_model, bare)
    found, text = said(*_line(film_folder, bare, out))
    assert (found, "no weights to learn on" in text) == (1, True)
    torch.manual_seed(99)
    net = build_net(dict(SPEC))
    torch.nn.init.normal_(net.leave.weight, std=1.0)
    save_tensors(bare.with_suffix(".safetensors"), net.state_dict(), {NET_KEY: SPEC})
    found, text = said(*_line(film_folder, bare, out))
    assert (found, "other weights" in text) == (1, True)
    assert not out.exists()


def _adapt(film: Path, model: Path, out: Path, stop_after: int | None = None) -> Adapted:
    calls = 0

    def stop() -> bool:
        nonlocal calls
        calls += 1
        return stop_after is not None and calls > stop_after

    clip = open_clip(film)
    wish = Wish(
        film=clip.name,
        numbers=tuple(clip.numbers),
        minutes=1,
        extent=Extent(4, 4, 12),
        threads=1,
    )
    source = ClipFilm(clip, RestoreSettings())
    base = find_base(ModelStore(), str(model))
    return adapt(source, base, ProceduralShapes(), wish, out, should_stop=stop)


@pytest.mark.slow
def test_stopped_anywhere_it_goes_on(film_folder: Path, tiny_model: Path, tmp_path: Path) -> None:
    whole = _adapt(film_folder, tiny_model, tmp_path / "whole")
    parts = tmp_path / "parts"
    # While windows to measure with are made, while those to learn from are, and while it learns.
    for stop_after in (2, 3, 4):
        with pytest.raises(Stopped):
            _adapt(film_folder, tiny_model, parts, stop_after)
        assert (parts / "work").is_dir()
        assert not (parts / "adapt.json").exists()
    assert _adapt(film_folder, tiny_model, parts) == whole
    assert (parts / "adapt.json").read_bytes() == (tmp_path / "whole/adapt.json").read_bytes()


def test_the_verdict_weighs_gain_against_harm() -> None:
    def verdict(**after: float) -> bool:
        before = Figures(f1=0.8, precision=0.8, recall=0.8, objects=0.9, false_px=5.0)
        values = {"f1": 0.85, "precision": 0.8, "recall": 0.9, "objects": 0.92, "false_px": 9.0}
        made = Figures(**(values | after))
        return Adapted("f", "m", Extent(8, 4, 9), 0.9, before, made, threshold=0.5).gained

    assert verdict()
    assert not verdict(f1=0.805)
    assert not verdict(objects=0.88)
    assert not verdict(false_px=26.0)
    assert verdict(objects=0.895, false_px=24.0, f1=0.811)


def test_a_gain_is_kept_as_a_model(
    film_folder: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a run left that was killed after its verdict: the model file is still to be written."""
    clip = open_clip(film_folder)
    extent = Extent(8, 4, 9)
    wish = Wish(film=clip.name, numbers=tuple(clip.numbers), minutes=15, threads=1)
    base = find_base(ModelStore(), str(tiny_model))
    write_extent(tmp_path, asked_for(base, wish), extent)
    before = Figures(f1=0.8, precision=0.8, recall=0.8, objects=0.9, false_px=5.0)
    after = Figures(f1=0.85, precision=0.8, recall=0.9, objects=0.92, false_px=9.0)
    adapted = Adapted(clip.name, "tiny-damage-0.1.0", extent, 0.9, before, after, 0.9)
    write_report(tmp_path, adapted)
    weights = {name: value * 1.5 for name, value in base.state.items()}
    save_tensors(tmp_path / "adapted.safetensors", weights, {NET_KEY: SPEC})
    assert run(_line(film_folder, tiny_model, tmp_path)) == 0
    text = capsys.readouterr().out
    assert "# Old Film_01: gain\n" in text
    name = "tiny-damage-old-film-01"
    model = open_lone(tmp_path / f"{name}-0.1.0.onnx")
    assert f"filmrestore models add {model.path}" in text
    assert model.card.id == name
    assert model.card.calibration == base.model.card.calibration == {"pivot": 0.9}
    assert model.card.size == base.model.card.size
    assert model.card.origin["adapted_from"] == "tiny-damage-0.1.0"
    assert model.card.metrics["after"] == {
        "f1": 0.85,
        "precision": 0.8,
        "recall": 0.9,
        "objects": 0.92,
        "false_px": 9.0,
    }
    shelf = tmp_path / "own"
    assert run(["models", "add", str(model.path), "--store", str(shelf)]) == 0
    assert ModelStore(shelf).open(name).card.planes == "t5-v1"
    # Weights that were adapted can be adapted further: they are those of the model.
    shutil.copy(tmp_path / "adapted.safetensors", model.path.with_suffix(".safetensors"))
    again = find_base(ModelStore(), str(model.path))
    assert all(torch.equal(again.state[k], weights[k]) for k in weights)
