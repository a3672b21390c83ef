"""`filmrestore synth`, run as a user runs it: files, messages, exit codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from filmrestore_core.cli.main import run
from filmrestore_core.media.image_file import read_image, write_new
from filmrestore_core.testing.scenes import code_frame, half_frame, moving_scene
from filmrestore_core.yamlfile import read_yaml

NUMBERS = range(1, 5)
SCENE = moving_scene(NUMBERS, height=96, width=128, specks=0, seed=3)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    for number in NUMBERS:
        write_new(
            folder / f"shot.{number:04d}.png", code_frame(number, SCENE.clean[number], bits=8)
        )
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def synth(clip: Path, out: Path, *more: object) -> int:
    return run(["synth", str(clip), "--out", str(out), *map(str, more)])


def test_twice_gives_equal_bytes_and_the_recipe_makes_it_a_third_time(
    clip: Path, tmp_path: Path
) -> None:
    options = ("--recipe", "heavy", "--seed", 5, "--negatives", "rain")
    assert synth(clip, tmp_path / "a", *options) == 0
    assert synth(clip, tmp_path / "b", *options) == 0
    first = tree(tmp_path / "a")
    assert sorted(first) == [
        *(f"clean/clean.{n:04d}.exr" for n in NUMBERS),
        *(f"damaged/damaged.{n:04d}.exr" for n in NUMBERS),
        *(f"matte/matte.{n:04d}.exr" for n in NUMBERS),
        "recipe.yaml",
    ]
    assert first == tree(tmp_path / "b")
    assert synth(clip, tmp_path / "c", "--recipe", tmp_path / "a" / "recipe.yaml") == 0
    assert first == tree(tmp_path / "c")
    assert synth(clip, tmp_path / "d", "--recipe", "heavy", "--seed", 6) == 0
    assert tree(tmp_path / "d")["damaged/damaged.0001.exr"] != first["damaged/damaged.0001.exr"]


def test_damaged_and_clean_differ_only_where_the_matte_says_so(clip: Path, tmp_path: Path) -> None:
    assert synth(clip, tmp_path, "--recipe", "heavy", "--frames", "2-3") == 0
    for number in (2, 3):
        planes = {
            kind: read_image(tmp_path / kind / f"{kind}.{number:04d}.exr", number).parts[0].planes
            for kind in ("damaged", "clean", "matte")
        }
        differs = np.any(
            [planes["damaged"][c] != planes["clean"][c] for c in planes["clean"]], axis=0
        )
        touched = np.any([p > 0 for c, p in planes["matte"].items() if c != "visible"], axis=0)
        assert differs.any()
        assert not (differs & ~touched).any()
    assert not (tmp_path / "damaged" / "damaged.0001.exr").exists()


def test_the_set_says_how_it_is_encoded_and_what_made_it(clip: Path, tmp_path: Path) -> None:
    from filmrestore_core.cli.synth import _encoding_of
    from filmrestore_core.media.open import open_clip

    assert synth(clip, tmp_path / "set", "--gauge", "8mm", "--seed", 9) == 0
    made = open_clip(str(tmp_path / "set" / "damaged"))
    assert _encoding_of(made, made.numbers, "auto").name == "srgb"
    noted = read_yaml(tmp_path / "set" / "recipe.yaml").values
    assert noted["seed"] == 9
    assert noted["recipe"]["gauge"] == "8mm"
    assert str(tmp_path) not in (tmp_path / "set" / "recipe.yaml").read_text("utf-8")


def test_a_linear_clip_is_damaged_on_a_log_curve(tmp_path: Path) -> None:
    folder = tmp_path / "exr"
    folder.mkdir()
    write_new(folder / "shot.0007.exr", half_frame(7, SCENE.clean[1]))
    assert synth(folder, tmp_path / "set", "--recipe", "light") == 0
    noted = read_yaml(tmp_path / "set" / "recipe.yaml").values
    assert noted["encoding"] == "acescct"
    assert noted["recipe"]["tone"] == "log"


def test_an_earlier_set_is_not_replaced_unasked(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert synth(clip, tmp_path, "--frames", "1", "--recipe", "light") == 0
    before = tree(tmp_path)
    capsys.readouterr()
    assert synth(clip, tmp_path, "--frames", "1", "--recipe", "heavy") == 1
    assert "--force" in capsys.readouterr().err
    assert tree(tmp_path) == before
    assert synth(clip, tmp_path, "--frames", "1", "--recipe", "heavy", "--force") == 0
    assert tree(tmp_path) != before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dirt: {per_frame: -1}", "line 1: 'dirt.per_frame' is -1"),
        ("dust: {}", "a recipe has no 'dust'"),
        ("dirt:\n  per_fame: 3", "line 2: a recipe has no 'dirt.per_fame'; did you mean"),
        ("recipe: {dirt: {per_fame: 3}}", "did you mean 'per_frame'"),
        ("[1, 2]", "must hold"),
    ],
)
def test_a_wrong_recipe_is_one_sentence_with_the_key(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(text, encoding="utf-8")
    assert synth(clip, tmp_path / "out", "--recipe", recipe) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_wrong_arguments_are_told_from_failures(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert synth(clip, out, "--recipe", "hevy") == 2
    assert "choose clean, light" in capsys.readouterr().err
    assert synth(clip, out, "--negatives", "fireworks") == 2
    assert synth(clip, out, "--shapes", tmp_path) == 2
    assert "holds no damage shapes" in capsys.readouterr().err
    assert synth(clip, out, "--frames", "90-99") == 2
    assert synth(tmp_path / "none", out) == 1
    assert not out.exists()
