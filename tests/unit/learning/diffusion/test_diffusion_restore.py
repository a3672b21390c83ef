"""A film restored with a diffusion pipeline from a folder, by the command line."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core.cli.main import run
from filmrestore_core.errors import Stopped
from filmrestore_core.media.image_file import read_image, write_new
from filmrestore_core.runtime.device import Device
from filmrestore_core.settings import DiffusionSettings
from filmrestore_core.testing.scenes import code_frame, moving_scene

# Diffusers hands tensors to numpy in the old way.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NUMBERS = range(1001, 1006)
DONE = range(1002, 1005)
HEIGHT, WIDTH = 88, 112
SCENE = moving_scene(NUMBERS, height=HEIGHT, width=WIDTH, channels=3, specks=0, seed=8)
BLOT = (slice(30, 54), slice(40, 64))  # on one frame only, 576 px
LINE = (slice(0, HEIGHT), slice(90, 94))  # stands on every frame: no neighbour shows it
SPECK = (slice(8, 12), slice(10, 14))
SET = ("diffusion.steps=2", "detect.radius=1", "detect.detector=none")
QUICK = (*(text for change in SET for text in ("--set", change)), "--workers", "1")


def filmrestore(*arguments: object) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run([str(a) for a in arguments])
    return code, said.getvalue()


def coverage_of(number: int) -> NDArray[np.bool_]:
    holes = np.zeros((HEIGHT, WIDTH), np.bool_)
    holes[LINE] = True
    if number == 1003:
        holes[BLOT] = holes[SPECK] = True
    return holes


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the damaged film and its mattes."""
    root = tmp_path_factory.mktemp("film")
    for name in ("film", "mattes"):
        (root / name).mkdir()
    for number in NUMBERS:
        picture = SCENE.clean[number].copy()
        picture[coverage_of(number)] = 0.03
        write_new(root / f"film/reel.{number}.dpx", code_frame(number, picture))
        matte = coverage_of(number).astype(np.float32)[..., None]
        write_new(root / f"mattes/matte.{number}.png", code_frame(number, matte, bits=8))
    return root


def restored(film: Path, out: Path, *more: object) -> tuple[int, str]:
    matte = film / "mattes" / "matte.####.png"
    return filmrestore("restore", film / "film", f"{out}/", "--matte", matte, *QUICK, *more)


def picture(folder: Path, number: int) -> NDArray[np.float64]:
    part = read_image(folder / f"reel.{number}.dpx", number).parts[0]
    return np.stack([part.planes[c] for c in "RGB"], -1) / 1023.0


@pytest.fixture(scope="module")
def whole(film: Path, pipeline_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole")
    report = out / "report.json"
    code, said = restored(
        film,
        *(out / "out", "--diffusion-model", pipeline_folder, "--report", report),
        *("--frames", "1002-1004"),
    )
    assert code == 0, said
    return out


def test_holes_are_filled_and_all_else_keeps_its_bits(whole: Path, film: Path) -> None:
    for number in DONE:
        before, after = picture(film / "film", number), picture(whole / "out", number)
        holes = coverage_of(number)
        assert np.array_equal(before[~holes], after[~holes])
        assert (before[holes] != after[holes]).any(axis=-1).mean() > 0.9
    found = json.loads((whole / "report.json").read_text("utf-8"))
    methods = {f["frame"]: f["methods_px"] for f in found["frames"]}
    line, blot, speck = HEIGHT * 4, 24 * 24, 16
    assert methods[1002] == {"diffusion": line}
    # The speck is small and its neighbours show it: it is not the model's.
    assert methods[1003] == {"net": speck, "diffusion": line + blot}


def test_a_frame_alone_is_the_frame_of_the_range(
    whole: Path, film: Path, pipeline_folder: Path, tmp_path: Path
) -> None:
    code, said = restored(film, tmp_path, "--diffusion-model", pipeline_folder, "--frames", "1003")
    assert code == 0, said
    alone, within = (f / "reel.1003.dpx" for f in (tmp_path, whole / "out"))
    assert alone.read_bytes() == within.read_bytes()


def test_fidelity_and_seed_decide(film: Path, pipeline_folder: Path, tmp_path: Path) -> None:
    def filled(name: str, *changes: str) -> NDArray[np.float64]:
        settings = [text for c in ("grain.amount=0", *changes) for text in ("--set", c)]
        model = [] if name == "first" else ["--diffusion-model", pipeline_folder]
        code, said = restored(film, tmp_path / name, *settings, *model, "--frames", "1003")
        assert code == 0, said
        return picture(tmp_path / name, 1003)[BLOT]

    first = filled("first", "repair.method=auto")
    free, half, close = (filled(f"f{f}", f"diffusion.fidelity={f}") for f in (0, 0.5, 1))
    other = filled("seed", "diffusion.fidelity=0", "seed=5")
    distance = [float(np.abs(p - first).mean()) for p in (free, half, close)]
    assert distance[0] > distance[1] > distance[2]
    # The model is shown the fill without what looks like grain: that much may differ.
    assert distance[2] < 0.01 < distance[0]
    assert not np.array_equal(free, other)


def test_a_net_that_sees_no_mask_and_another_sampler_fill_too(
    film: Path, make_pipeline: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_pipeline(4, sampler="EulerDiscrete", prediction="v_prediction")
    code, said = restored(film, tmp_path, "--diffusion-model", folder, "--frames", "1003")
    assert code == 0, said
    before, after = picture(film / "film", 1003), picture(tmp_path, 1003)
    holes = coverage_of(1003)
    assert np.array_equal(before[~holes], after[~holes])
    assert (before[holes] != after[holes]).any(axis=-1).mean() > 0.9


def test_a_pipeline_stops_between_its_steps(pipeline_folder: Path) -> None:
    from filmrestore_core.learning.diffusion.pipeline import load

    loaded, _ = load(str(pipeline_folder), Device.CPU)
    asked = []

    def should_stop() -> bool:
        asked.append(1)
        return len(asked) > 2

    grey = np.full((64, 64, 3), 0.5, np.float32)
    hole = np.zeros((64, 64), np.bool_)
    hole[20:40, 20:40] = True
    with pytest.raises(Stopped):
        loaded.draw(
            *(grey, hole, hole.astype(np.float32), DiffusionSettings(steps=6)),
            seed=1,
            should_stop=should_stop,
        )
    assert len(asked) == 3


def test_nothing_is_asked_of_a_network(
    film: Path, own_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    # Other bytes than any pipeline that is held already, so that it is read anew.
    index = own_folder / "model_index.json"
    index.write_text(index.read_text("utf-8") + "\n", "utf-8")
    code, said = restored(film, tmp_path, "--diffusion-model", own_folder, "--frames", "1001")
    assert code == 0, said


def spoil_pickle(folder: Path) -> None:
    (folder / "unet/diffusion_pytorch_model.safetensors").rename(
        folder / "unet/diffusion_pytorch_model.bin"
    )


def spoil_weights(folder: Path) -> None:
    (folder / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"no weights")


def spoil_config(folder: Path) -> None:
    (folder / "vae/config.json").write_text("{", "utf-8")


def spoil_kind(folder: Path) -> None:
    index = {"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"]}
    (folder / "model_index.json").write_text(json.dumps(index), "utf-8")


def spoil_library(folder: Path) -> None:
    file = folder / "model_index.json"
    index = json.loads(file.read_text("utf-8"))
    index["unet"] = ["my_unet", "MyNet"]
    file.write_text(json.dumps(index), "utf-8")


def spoil_code(folder: Path) -> None:
    (folder / "unet/net.py").write_text("raise SystemExit(9)", "utf-8")


def spoil_part(folder: Path) -> None:
    for file in (folder / "vae").iterdir():
        file.unlink()
    (folder / "vae").rmdir()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_pickle, "as a pickle"),
        (spoil_weights, "cannot be loaded as an inpainting pipeline"),
        (spoil_config, "cannot be loaded as an inpainting pipeline"),
        (spoil_kind, "cannot be loaded as an inpainting pipeline"),
        (spoil_library, "never a model's own code"),
        (spoil_code, "Python code"),
        (spoil_part, "lacks the folder 'vae'"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(
    film: Path, own_folder: Path, tmp_path: Path, spoil, message: str
) -> None:
    spoil(own_folder)
    out = tmp_path / "out"
    code, said = restored(film, out, "--diffusion-model", own_folder)
    assert code == 2
    assert message in said.replace("\n", " ")
    assert "Traceback" not in said
    assert not list(out.glob("*.dpx"))


def test_a_name_that_is_no_folder_is_refused(film: Path, tmp_path: Path) -> None:
    pytest.importorskip("diffusers")
    for more, message in (
        (("--diffusion-model", "some/model-on-a-hub"), "no folder on this machine"),
        (("--diffusion-model", tmp_path), "no model_index.json"),
        (("--diffusion-model", tmp_path, "--set", "repair.method=net"), "leave one of the two"),
    ):
        code, said = restored(film, tmp_path / "out", *more)
        assert code == 2, said
        assert message in said.replace("\n", " ")


def test_a_prompt_that_cannot_be_read_is_refused(
    film: Path, pipeline_folder: Path, tmp_path: Path
) -> None:
    code, said = restored(
        film,
        *(tmp_path, "--diffusion-model", pipeline_folder, "--set", "diffusion.prompt=a wall"),
    )
    assert code == 2
    assert "no text encoder" in said
    assert not list(tmp_path.glob("*.dpx"))


def test_without_the_extra_it_is_named(film: Path, tmp_path: Path) -> None:
    hide = (
        "import sys\n"
        "for name in ('torch', 'diffusers', 'transformers'): sys.modules[name] = None\n"
        "from filmrestore_core.cli.main import run\n"
        "sys.exit(run(sys.argv[1:]))"
    )
    matte = film / "mattes" / "matte.####.png"

    def without(*more: object) -> subprocess.CompletedProcess[str]:
        given = ["restore", film / "film", f"{tmp_path}/out/", "--matte", matte, *QUICK, *more]
        return subprocess.run(
            [sys.executable, "-c", hide, *map(str, given)],
            capture_output=True,
            text=True,
            check=False,
        )

    refused = without("--diffusion-model", tmp_path)
    assert refused.returncode not in (0, 3)
    assert "pip install 'filmrestore[diffusion]'" in refused.stderr.replace("\n", " ")
    assert "Traceback" not in refused.stderr
    assert without("--frames", "1001").returncode == 0
