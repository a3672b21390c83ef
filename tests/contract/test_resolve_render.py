"""What the Resolve renderer promises, run for real: job documents, frames on disk, exit codes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from filmrestore_core.cli.main import run
from filmrestore_core.media import output_check
from filmrestore_core.media.image_file import read_image, write_new
from filmrestore_core.testing.scenes import code_frame, half_frame, moving_scene
from filmrestore_resolve.render_job import render_job_file

ROOT = Path(__file__).parents[2]
NUMBERS = range(1001, 1013)
SCENE = moving_scene(NUMBERS, height=64, width=80, specks=2, seed=3)
PLAIN = {"detect.detector": "classical", "repair.method": "classical", "detect.radius": 1}
FLAGS = [word for key, value in PLAIN.items() for word in ("--set", f"{key}={value}")]


def laid_out(folder: Path, name: str, ending: str = "dpx") -> Path:
    """Frames of the scene under `name` with the number in its place; gives the folder."""
    folder.mkdir(parents=True)
    for number in NUMBERS:
        picture = SCENE.damaged[number]
        frame = (
            half_frame(number, picture) if ending == "exr" else code_frame(number, picture, bits=10)
        )
        write_new(folder / f"{name.format(number)}.{ending}", frame)
    return folder


@pytest.fixture
def media(tmp_path: Path) -> Path:
    return laid_out(tmp_path / "Rolle Ä 2", "plate é.{:07d}")


@pytest.fixture(scope="module")
def as_typed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Frames 1004-1007 as the command line restores them, by file name."""
    base = tmp_path_factory.mktemp("typed")
    folder = laid_out(base / "in", "plate é.{:07d}")
    typed = ["restore", str(folder), f"{base / 'out'}/", "--frames", "1004-1007", *FLAGS]
    assert run([*typed, "--progress", "none"]) == 0
    return frames_in(base / "out", "*.dpx")


def frames_in(folder: Path, names: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob(names))}


def shot(media: Path, key: str = "one", first: int = 1004, last: int = 1007) -> dict[str, Any]:
    path = str(media / "plate é.[0001001-0001012].dpx")
    source = {"kind": "sequence", "path": path, "rate": "24000/1001"}
    return {"key": key, "name": key, "source": source, "first": first, "last": last}


def written(folder: Path, *shots: dict[str, Any], **changes: Any) -> Path:
    values: dict[str, Any] = {
        "kind": "filmrestore.resolve.job",
        "schema": 1,
        "id": "the id",
        "project": "Mein Film",
        "timeline": "Reel 1 – Röll",
        "settings": {"changes": PLAIN},
        "output": {"pictures": 0},
        "machine": {"workers": 1},
        "shots": list(shots),
    }
    folder.mkdir(exist_ok=True)
    path = folder / "job.json"
    path.write_text(json.dumps(values | changes), encoding="utf-8")
    return path


def rendered(job: Path) -> tuple[int, dict[str, Any]]:
    """The exit code of a run in this process, and its result document."""
    code = render_job_file(job, lines=False)
    return code, json.loads((job.parent / "result.json").read_text("utf-8"))


def started(job: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "filmrestore_core", "resolve", "render", str(job)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def after_first_frame(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "frame":
            return
    raise AssertionError("no frame came")


def test_a_shot_is_what_the_command_line_makes(
    media: Path, tmp_path: Path, as_typed: dict[str, bytes]
) -> None:
    """Bit for bit, at the cut's ends as well: the media's frames beyond them are looked at."""
    job = written(tmp_path / "job", shot(media), output={"matte": True, "pictures": 1})
    process = started(job)
    lines = [json.loads(line) for line in process.communicate(timeout=240)[0].splitlines()]
    assert process.returncode == 0
    assert [line["event"] for line in lines] == [
        "start", "shot", "frame", "frame", "frame", "frame", "shot", "end",
    ]  # fmt: skip
    result = json.loads((tmp_path / "job" / "result.json").read_text("utf-8"))
    told = result["shots"][0]
    folder = Path(told["folder"])
    assert folder.parent == media / "filmrestore" / "Mein Film" / "Reel 1 – Röll" / "one"
    assert frames_in(folder, "*.dpx") == as_typed
    assert frames_in(folder, "*.dpx") != {n: (media / n).read_bytes() for n in as_typed}
    assert (told["state"], told["how"], told["pattern"]) == ("done", "rendered", "plate é.%07d.dpx")
    assert (told["first"], told["last"], told["padding"]) == (1004, 1007, 7)
    assert told["first_file"] == str(folder / "plate é.0001004.dpx")
    assert told["frames"] == {
        "wanted": 4, "whole": 4, "rendered": 4, "reused": 0, "touched": told["frames"]["touched"],
        "failed": 0, "missing": 0,
    }  # fmt: skip
    assert told["frames"]["touched"] == len([f for f in told["damage"] if f["repaired_px"]]) > 0
    assert told["objects"] == sum(f["objects"] for f in told["damage"]) > 0
    assert told["area_percent"] == pytest.approx(100 * told["covered_px"] / (4 * 64 * 80))
    assert told["worst"][0]["covered_px"] == max(f["covered_px"] for f in told["damage"])
    mattes = frames_in(folder / "matte", "*.png")
    assert list(mattes) == [n.replace(".dpx", ".png") for n in as_typed]
    covered = np.count_nonzero(
        read_image(folder / "matte/plate é.0001006.png", 1006).parts[0].planes["Y"]
    )
    assert covered == next((f["covered_px"] for f in told["damage"] if f["frame"] == 1006), 0)
    status = json.loads((tmp_path / "job" / "status.json").read_text("utf-8"))
    assert (status["state"], status["exit_code"]) == ("done", 0)
    assert "<img" in Path(told["report_html"]).read_text("utf-8")
    assert "Mein Film" in Path(result["report_html"]).read_text("utf-8")


def test_a_second_run_renders_nothing(media: Path, tmp_path: Path) -> None:
    job = written(tmp_path / "job", shot(media, last=1005))
    assert rendered(job)[1]["shots"][0]["how"] == "rendered"
    folder = Path(json.loads((tmp_path / "job" / "result.json").read_text())["shots"][0]["folder"])
    before = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in folder.glob("*.*")}
    code, result = rendered(job)
    told = result["shots"][0]
    assert (code, told["how"], told["folder"]) == (0, "reused", str(folder))
    assert (told["frames"]["rendered"], told["frames"]["reused"]) == (0, 2)
    assert {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in folder.glob("*.*")} == before


def test_what_decides_a_result_gives_another_folder(media: Path, tmp_path: Path) -> None:
    folders = []
    for changes in (
        {},
        {"settings": {"changes": {**PLAIN, "detect.sensitivity": 0.6}}},
        {"output": {"handles": {"head": 1, "tail": 0}, "pictures": 0}},
    ):
        code, result = rendered(written(tmp_path / "job", shot(media, last=1004), **changes))
        assert code == 0
        folders.append(result["shots"][0]["folder"])
    os.utime(media / "plate é.0001005.dpx", ns=(10**18, 10**18))
    again = written(tmp_path / "job", shot(media, last=1004))
    folders.append(rendered(again)[1]["shots"][0]["folder"])
    assert len(set(folders)) == 4
    assert len({os.path.dirname(f) for f in folders}) == 1


def test_a_broken_file_of_the_result_is_made_again(
    media: Path, tmp_path: Path, as_typed: dict[str, bytes]
) -> None:
    job = written(tmp_path / "job", shot(media))
    folder = Path(rendered(job)[1]["shots"][0]["folder"])
    (folder / "plate é.0001005.dpx").write_bytes(b"cut short")
    (folder / "plate é.0001006.dpx").unlink()
    told = rendered(job)[1]["shots"][0]
    assert (told["frames"]["rendered"], told["frames"]["reused"]) == (2, 2)
    assert frames_in(folder, "*.dpx") == as_typed


def test_killed_and_started_again(media: Path, tmp_path: Path, as_typed: dict[str, bytes]) -> None:
    job = written(tmp_path / "job", shot(media))
    process = started(job)
    after_first_frame(process)
    process.kill()
    process.communicate(timeout=240)
    assert not (tmp_path / "job" / "result.json").exists()
    status = json.loads((tmp_path / "job" / "status.json").read_text("utf-8"))
    assert status["state"] == "running"
    code, result = rendered(job)
    told = result["shots"][0]
    assert (code, told["state"]) == (0, "done")
    assert told["frames"]["reused"] >= 1
    folder = Path(told["folder"])
    assert frames_in(folder, "*.dpx") == as_typed
    assert not [n for n in os.listdir(folder) if ".part" in n or ".tmp" in n]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_signal_ends_the_run_with_its_code(media: Path, tmp_path: Path) -> None:
    process = started(written(tmp_path / "job", shot(media, last=1011)))
    after_first_frame(process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=240)
    assert process.returncode == 143
    result = json.loads((tmp_path / "job" / "result.json").read_text("utf-8"))
    assert (result["state"], result["exit_code"]) == ("cancelled", 143)
    assert 1 <= result["shots"][0]["frames"]["whole"] < 8


def test_the_flag_file_cancels(media: Path, tmp_path: Path) -> None:
    job = written(tmp_path / "job", shot(media, last=1009), shot(media, "two", 1002, 1003))
    process = started(job)
    after_first_frame(process)
    (tmp_path / "job" / "cancel").touch()
    process.communicate(timeout=240)
    assert process.returncode == 4
    result = json.loads((tmp_path / "job" / "result.json").read_text("utf-8"))
    assert result["state"] == "cancelled"
    assert [s["state"] for s in result["shots"]] == ["cancelled", "cancelled"]
    assert result["shots"][0]["frames"]["whole"] >= 1
    (tmp_path / "job" / "cancel").unlink()
    code, result = rendered(job)
    assert (code, result["shots"][0]["how"]) == (0, "rendered")
    assert result["shots"][0]["frames"]["reused"] >= 1


def test_one_shots_trouble_is_its_own(media: Path, tmp_path: Path) -> None:
    (media / "plate é.0001009.dpx").unlink()
    (media / "plate é.0001010.dpx").write_bytes(b"SDPX no more")
    gone = shot(media, "gone")
    gone["source"] = {"kind": "sequence", "path": str(media / "nothing.[1-9].dpx")}
    job = written(
        tmp_path / "job",
        gone,
        shot(media, "holes", 1008, 1011),
        shot(media, "outside", 1011, 1014),
        shot(media, "whole", 1002, 1003),
    )
    code, result = rendered(job)
    told = {s["key"]: s for s in result["shots"]}
    assert (code, result["state"]) == (3, "incomplete")
    assert [s["key"] for s in result["shots"]] == ["gone", "holes", "outside", "whole"]
    assert {k: s["state"] for k, s in told.items()} == {
        "gone": "failed", "holes": "incomplete", "outside": "failed", "whole": "done",
    }  # fmt: skip
    assert "matches no file" in told["gone"]["message"]
    assert "which has 1001-1012" in told["outside"]["message"]
    assert list(told["holes"]["errors"]) == ["1009", "1010"]
    assert told["holes"]["frames"]["whole"] == 2
    log = (tmp_path / "job" / "renderer.log").read_text("utf-8")
    assert "gone" in log
    assert "1010" in log


def test_the_same_source_range_is_rendered_once(media: Path, tmp_path: Path) -> None:
    other = shot(media, "again", last=1005)
    other["source"] = {"kind": "sequence", "path": str(media / "plate é.%07d.dpx")}
    code, result = rendered(written(tmp_path / "job", shot(media, last=1005), other))
    first, second = result["shots"]
    assert code == 0
    assert (second["how"], second["same_as"]) == ("same", "one")
    assert second["folder"] == first["folder"]
    assert not (media / "filmrestore/Mein Film/Reel 1 – Röll/again").exists()


def test_handles_and_a_chosen_folder(media: Path, tmp_path: Path) -> None:
    output = {
        "place": "folder",
        "folder": str(tmp_path / "out put"),
        "handles": {"head": 5, "tail": 1},
        "pictures": 0,
    }
    told = rendered(written(tmp_path / "job", shot(media), output=output))[1]["shots"][0]
    assert (told["first"], told["last"]) == (1001, 1008)
    assert told["handles"] == {"head": 3, "tail": 1}
    assert told["cut"] == {"first": 1004, "last": 1007}
    assert Path(told["folder"]).is_relative_to(tmp_path / "out put" / "filmrestore")
    assert not (media / "filmrestore").exists()


def test_a_full_disk_is_said_and_stays_whole(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_check, "free_space", lambda folder: 0)
    job = written(tmp_path / "job", shot(media), shot(media, "two", 1008, 1009))
    code, result = rendered(job)
    assert code == 1
    assert result["shots"][0]["message"].startswith("The disk is full.")
    assert result["shots"][1]["message"].startswith("Not begun: the disk")
    assert not list(media.glob("filmrestore/**/*.dpx"))


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"shots": []}, 2, "'shots' is []"),
        ({"settings": {"preset": "quick"}}, 2, "no preset 'quick'"),
        ({"settings": {"encoding": "martian"}}, 2, "martian"),
        ({"machine": {"device": "abacus"}}, 1, "no device called 'abacus'"),
    ],
)
def test_a_wrong_job_leaves_a_result_that_says_so(
    media: Path, tmp_path: Path, changes: dict[str, Any], code: int, said: str
) -> None:
    got, result = rendered(written(tmp_path / "job", shot(media), **changes))
    assert (got, result["exit_code"], result["state"]) == (code, code, "failed")
    assert said in result["message"]
    assert said in (tmp_path / "job" / "renderer.log").read_text("utf-8")


def test_files_of_somebody_elses_stay(media: Path, tmp_path: Path) -> None:
    job = written(tmp_path / "job", shot(media))
    (tmp_path / "job" / "result.json").write_text('{"mine": 1}')
    assert run(["resolve", "render", str(job)]) == 2
    assert (tmp_path / "job" / "result.json").read_text() == '{"mine": 1}'
    assert not (media / "filmrestore").exists()


def test_exr_is_what_the_command_line_makes(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "exr", "a b_{:04d}", "exr")
    source = {"kind": "sequence", "path": str(folder / "a b_[1001-1012].exr")}
    asked = {"key": "k", "source": source, "first": 1005, "last": 1006}
    told = rendered(written(tmp_path / "job", asked))[1]["shots"][0]
    assert (told["state"], told["pattern"]) == ("done", "a b_%04d.exr")
    typed = ["restore", str(folder), f"{tmp_path / 'out'}/", "--frames", "1005-1006", *FLAGS]
    assert run([*typed, "--progress", "none"]) == 0
    assert frames_in(Path(told["folder"]), "*.exr") == frames_in(tmp_path / "out", "*.exr")
    for number in (1005, 1006):
        ours = read_image(Path(told["folder"]) / f"a b_{number}.exr", number).parts[0]
        theirs = read_image(folder / f"a b_{number}.exr", number).parts[0]
        assert ours.formats == theirs.formats
        assert {**ours.attributes, "filmrestore": ""} == {**theirs.attributes, "filmrestore": ""}


def test_a_result_never_goes_where_a_source_lies(media: Path, tmp_path: Path) -> None:
    """Not even where the result's folder turns out to be a link to it."""
    job = written(tmp_path / "job", shot(media, last=1004))
    folder = Path(rendered(job)[1]["shots"][0]["folder"])
    shutil.rmtree(folder)
    folder.symlink_to(media, target_is_directory=True)
    before = {p.name: p.read_bytes() for p in media.glob("*.dpx")}
    code, result = rendered(job)
    assert code == 1
    assert "is where the source" in result["shots"][0]["message"]
    assert {p.name: p.read_bytes() for p in media.glob("*.dpx")} == before
    assert not list(media.glob(".*"))


def test_a_movie_becomes_numbered_frames_as_the_command_line_makes_them(tmp_path: Path) -> None:
    movie = tmp_path / "Rolle Ä.mov"
    with av.open(str(movie), "w") as container:
        stream = container.add_stream("prores_ks", rate=24)
        stream.width, stream.height, stream.pix_fmt = 80, 64, "yuv422p10le"
        for number in NUMBERS:
            gray = np.rint(np.repeat(SCENE.damaged[number], 3, axis=2) * 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(gray, format="rgb24")))
        container.mux(stream.encode())
    source = {"kind": "movie", "path": str(movie)}
    asked = {"key": "k", "source": source, "first": 4, "last": 6}
    output = {"matte": True, "pictures": 0}
    told = rendered(written(tmp_path / "job", asked, output=output))[1]["shots"][0]
    mattes = frames_in(Path(told["matte"]["folder"]), "*.png")
    assert list(mattes) == [f"Rolle Ä.00000{n}.png" for n in (4, 5, 6)]
    assert Path(told["matte"]["first_file"]).name == "Rolle Ä.000004.png"
    assert (told["state"], told["first"], told["last"]) == ("done", 4, 6)
    assert told["pattern"] == "Rolle Ä.%06d.tif"
    assert any("does not say its color matrix" in note for note in told["notes"])
    typed = ["restore", str(movie), str(tmp_path / "out" / "f.######.tif"), "--frames", "4-6"]
    assert run([*typed, *FLAGS, "--progress", "none"]) == 0
    ours = list(frames_in(Path(told["folder"]), "*.tif").values())
    assert len(ours) == 3
    assert ours == list(frames_in(tmp_path / "out", "*.tif").values())


def test_status_is_always_whole(media: Path, tmp_path: Path) -> None:
    """Read as fast as possible, the status document is never half there."""
    process = started(written(tmp_path / "job", shot(media, last=1005)))
    states: set[str] = set()
    while process.poll() is None:
        try:
            text = (tmp_path / "job" / "status.json").read_text("utf-8")
        except FileNotFoundError:
            continue
        states.add(json.loads(text)["state"])
        time.sleep(0.005)
    process.communicate()
    assert {"starting", "running"} <= states
