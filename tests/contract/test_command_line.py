"""What the command line promises, run as a user runs it: a process, files, an exit code."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from filmrestore_core.cli.main import run
from filmrestore_core.media.image_file import read_image, write_new
from filmrestore_core.params import param_specs
from filmrestore_core.testing.scenes import code_frame, half_frame, moving_scene

ROOT = Path(__file__).parents[2]
HEIGHT, WIDTH = 144, 192
SCENE = moving_scene(range(1001, 1009), height=HEIGHT, width=WIDTH, specks=3, seed=11)


def filmrestore(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command line in this process; what it says and its exit code."""
    said, errors = io.StringIO(), io.StringIO()
    texts = [str(a) for a in arguments]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
        code = run(texts)
    return subprocess.CompletedProcess(texts, code, said.getvalue(), errors.getvalue())


def in_a_process(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "filmrestore_core", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        **options,  # type: ignore[call-overload]
    )


def laid_out(folder: Path, ending: str, numbers: range = range(1001, 1009)) -> Path:
    folder.mkdir(parents=True)
    for number in numbers:
        picture = SCENE.damaged[number]
        if ending == "exr":
            frame = half_frame(number, picture)
        else:
            frame = code_frame(number, picture, bits={"dpx": 10, "png": 8, "tif": 16}[ending])
        write_new(folder / f"reel 2.{number}.{ending}", frame)
    return folder


@pytest.fixture(scope="module")
def dpx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return laid_out(tmp_path_factory.mktemp("clips") / "Rolle Ä", "dpx")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five frames, for what is rendered many times over."""
    return laid_out(tmp_path_factory.mktemp("clips") / "short", "dpx", range(1001, 1006))


@pytest.fixture(scope="module")
def restored(short: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the short clip becomes in one undisturbed run."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert filmrestore("restore", short, f"{out}/").returncode == 0
    assert contents(out) != contents(short)
    return contents(out)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if not p.name.startswith(".")}


def no_traceback(done: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize("ending", ["dpx", "exr", "png", "tif"])
def test_restore_then_verify_holds_in_every_format(tmp_path: Path, ending: str) -> None:
    numbers = range(1001, 1006)
    source = laid_out(tmp_path / "in", ending, numbers)
    out, mattes = tmp_path / "out", tmp_path / "mattes"
    report = tmp_path / "report.json"
    done = filmrestore(
        "restore", source, f"{out}/", "--matte-out", f"{mattes}/reel.####.exr",
        "--report", report, "--encoding", "srgb",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(contents(out)) == sorted(contents(source))
    document = json.loads(report.read_text())
    assert document["totals"]["repaired_px"] > 50
    assert report.with_suffix(".html").stat().st_size > 5000
    proof = filmrestore("verify", source, out, "--matte", f"{mattes}/reel.####.exr")
    assert proof.returncode == 0, proof.stdout
    # The proof must be able to fail: the same result does not pass under an empty matte.
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    for number in numbers:
        empty = code_frame(number, np.zeros((HEIGHT, WIDTH, 1), np.float32), bits=8)
        write_new(nothing / f"m.{number}.png", empty)
    assert filmrestore("verify", source, out, "--matte", nothing).returncode == 1


def test_the_restored_picture_is_nearer_to_the_truth(dpx: Path, tmp_path: Path) -> None:
    done = in_a_process("restore", dpx, f"{tmp_path}/out/")
    assert done.returncode == 0, done.stderr
    before, after = [], []
    for number in range(1001, 1009):
        hole = SCENE.holes[number]
        name = f"reel 2.{number}.dpx"
        for folder, errors in ((dpx, before), (tmp_path / "out", after)):
            codes = read_image(folder / name, number).parts[0].planes["Y"]
            errors.append(np.abs(codes / 1023 - SCENE.clean[number][..., 0])[hole].mean())
    # At the ends of a shot only one side can tell, so not every chip goes there.
    assert np.mean(after) < 0.5 * np.mean(before)
    assert np.mean(after[2:-2]) < 0.35 * np.mean(before[2:-2])


def test_chunks_alone_and_resumed_give_the_same_files(
    short: Path, restored: dict[str, bytes], tmp_path: Path
) -> None:
    for frames in ("1005", "1001,1002", "1003-1004"):
        done = filmrestore("restore", short, f"{tmp_path}/parts/", "--frames", frames)
        assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "parts") == restored
    one = filmrestore("restore", short, f"{tmp_path}/one/", "--workers", "1", "--memory", "0.1")
    assert one.returncode == 0
    assert contents(tmp_path / "one") == restored


def test_the_same_command_again_makes_nothing_anew(short: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert filmrestore("restore", short, f"{out}/").returncode == 0
    times = {p.name: p.stat().st_mtime_ns for p in out.iterdir() if not p.name.startswith(".")}
    again = filmrestore("restore", short, f"{out}/", "--report", tmp_path / "again.json")
    assert again.returncode == 0
    assert again.stderr.count("already there") == 5
    assert times == {p.name: p.stat().st_mtime_ns for p in out.iterdir() if p.name in times}
    # The report of a resumed run is whole.
    assert json.loads((tmp_path / "again.json").read_text())["totals"]["frames"] == 5
    other = filmrestore("restore", short, f"{out}/", "--sensitivity", "0.3")
    assert other.returncode == 0
    assert "already there" not in other.stderr


def test_a_killed_run_goes_on_and_ends_equal(
    short: Path, restored: dict[str, bytes], tmp_path: Path
) -> None:
    whole, out = restored, tmp_path / "out"
    command = [sys.executable, "-m", "filmrestore_core", "restore", str(short), f"{out}/"]
    for kill in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        shutil.rmtree(out, ignore_errors=True)
        running = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (out.exists() and contents(out)):
            time.sleep(0.005)
        running.send_signal(kill)
        _, said = running.communicate(timeout=60)
        codes = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
        # A run that is through before the signal arrives has done nothing wrong.
        assert running.returncode in (codes[kill], 0)
        assert "Traceback" not in said
        assert all(whole[name] == data for name, data in contents(out).items())
        if kill is not signal.SIGKILL:
            assert not [p for p in out.iterdir() if p.suffix == ".dpx" and p.name.startswith(".")]
        assert filmrestore("restore", short, f"{out}/").returncode == 0
        assert contents(out) == whole
        assert not [p for p in out.iterdir() if p.suffix == ".dpx" and p.name.startswith(".")]


def test_bad_frames_are_listed_and_the_others_come_out(tmp_path: Path) -> None:
    source = laid_out(tmp_path / "in", "dpx")
    (source / "reel 2.1003.dpx").write_bytes(b"")
    cut = source / "reel 2.1005.dpx"
    cut.write_bytes(cut.read_bytes()[:9000])
    (source / "reel 2.1007.dpx").unlink()
    report = tmp_path / "r.json"
    done = filmrestore("restore", source, f"{tmp_path}/out/", "--report", report)
    assert done.returncode == 3
    no_traceback(done)
    document = json.loads(report.read_text())
    assert [f["number"] for f in document["failed"]] == [1003, 1005]
    assert document["missing"] == [1007]
    for failed in document["failed"]:
        assert str(failed["number"]) in failed["reason"]
    assert sorted(contents(tmp_path / "out")) == [
        f"reel 2.{n}.dpx" for n in (1001, 1002, 1004, 1006, 1008)
    ]
    stopped = filmrestore("restore", source, f"{tmp_path}/o2/", "--on-error", "stop")
    assert stopped.returncode == 1
    assert "1003" in stopped.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["restore", "nowhere.####.dpx", "out/"], 1, "matches no file"),
        (["restore", "{in}", "{in}"], 1, "input"),
        (["restore", "{in}", "{tmp}/o/", "--preset", "standart"], 2, "no preset"),
        (["restore", "{in}", "{tmp}/o/", "--set", "detect.sensitivty=1"], 2, "did you mean"),
        (["restore", "{in}", "{tmp}/o/", "--sensitivity", "7"], 2, "sensitivity"),
        (["restore", "{in}", "{tmp}/o/", "--set", "sampler.steps=0"], 2, "'sampler.steps' is 0"),
        (["restore", "{in}", "{tmp}/o/", "--set", "sampler.fidelity=.nan"], 2, "is nan"),
        (["restore", "{in}", "{tmp}/o/", "--set", "sampler.color=yes"], 2, "not a switch"),
        (["restore", "{in}", "{tmp}/o/", "--set", "sampler=1"], 2, "model, steps, start"),
        (["restore", "{in}", "{tmp}/o/", "--set", "repair.large_from=-1"], 2, "large_from"),
        (["restore", "{in}", "{tmp}/o/", "--set", "repair.unseen_from=2"], 2, "unseen_from"),
        (["restore", "{in}", "{tmp}/o/", "--set", "repair.scratch=spatial"], 2, "'same'"),
        (
            [
                *("restore", "{in}", "{tmp}/o/", "--set", "sampler.model=fill-unet"),
                *("--set", "repair.dirt=diffusion"),
            ],
            1,
            "a diffusion net is one for",
        ),
        (["restore", "{in}", "{tmp}/o/", "--frames", "5-x"], 2, "frame range"),
        (["restore", "{in}", "{tmp}/o/", "--frames", "1-5"], 2, "None of the frames"),
        (["restore", "{in}", "{tmp}/o/", "--encoding", "cinon"], 2, "cineon"),
        (["restore", "{in}", "{tmp}/o/", "--device", "cuda"], 1, "cuda"),
        (["restore", "{in}", "{tmp}/o/", "--cuts", "{tmp}/no.edl"], 2, "no.edl"),
        (["restore", "{in}", "{tmp}/o/", "--matte", "{tmp}/no.png"], 1, "does not exist"),
        (["restore", "{in}", "{tmp}/o/a.####.exr"], 1, "format"),
        (["restore", "{in}"], 2, "OUTPUT"),
        (["restore", "{in}", "{tmp}/o/", "--progress", "loud"], 2, "progress"),
        (["info"], 2, "nothing to look at"),
        (["verify", "{in}", "nowhere/"], 2, "nowhere"),
        (["sing"], 2, "sing"),
    ],
)
def test_wrong_arguments_get_a_sentence_and_a_code(
    dpx: Path, tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    filled = [a.replace("{in}", str(dpx)).replace("{tmp}", str(tmp_path)) for a in arguments]
    done = filmrestore(*filled)
    no_traceback(done)
    assert done.returncode == code, done.stderr
    assert words in (done.stderr + done.stdout).replace("\n", " ")
    assert not (tmp_path / "o").exists() or not contents(tmp_path / "o")


def test_settings_are_listed_with_the_defaults_that_they_have() -> None:
    done = filmrestore("info", "--settings")
    assert done.returncode == 0
    rows = [line.split() for line in done.stdout.splitlines() if line and not line[0].isspace()]
    listed = {row[0]: row[1] for row in rows}
    wanted = {"detect.dirt": "true", "detect.stain": "false", "sampler.steps": "1", "seed": "0"}
    wanted |= {"sampler.start": "1", "sampler.color": "0", "repair.method": "auto"}
    wanted |= {"repair.large_from": "empty", "diffusion.model": "empty", "detect.min_area": "2"}
    assert {name: listed[name] for name in wanted} == wanted
    assert listed.keys() == {"setting", *(spec.path for spec in param_specs())}


def test_json_progress_is_one_object_a_line(dpx: Path, tmp_path: Path) -> None:
    done = filmrestore("restore", dpx, f"{tmp_path}/out/", "--progress", "json", "-f", "1001-1002")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["event"] for e in events] == ["start", "frame", "frame"]
    assert events[-1]["percent"] == 100
    assert filmrestore(
        "restore", dpx, f"{tmp_path}/o2/", "--progress", "none", "-f", "1001"
    ).stdout == ""  # fmt: skip


def test_given_mattes_and_hold_outs_are_obeyed(dpx: Path, tmp_path: Path) -> None:
    mine, hold = tmp_path / "mine", tmp_path / "hold"
    mine.mkdir()
    hold.mkdir()
    painted = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    painted[20:40, 30:60] = 1
    for number in range(1001, 1009):
        write_new(mine / f"m.{number}.png", code_frame(number, painted, bits=8))
        write_new(hold / f"h.{number}.png", code_frame(number, 1 - painted, bits=8))
    only = filmrestore("restore", dpx, f"{tmp_path}/a/", "--matte", mine, "-f", "1004")
    assert only.returncode == 0, only.stderr
    source = read_image(dpx / "reel 2.1004.dpx", 1004).parts[0].planes["Y"]
    result = read_image(tmp_path / "a" / "reel 2.1004.dpx", 1004).parts[0].planes["Y"]
    rows, columns = np.nonzero(source != result)
    assert rows.size > 300
    assert rows.min() >= 20
    assert rows.max() < 40
    assert columns.min() >= 30
    assert columns.max() < 60
    held = filmrestore("restore", dpx, f"{tmp_path}/b/", "--hold-out", hold)
    assert held.returncode == 0
    assert filmrestore("verify", dpx, tmp_path / "b", "--matte", mine).returncode == 0


def test_detect_writes_mattes_and_touches_nothing(dpx: Path, tmp_path: Path) -> None:
    before = contents(dpx)
    done = filmrestore("detect", dpx, f"{tmp_path}/m/", "-f", "1003-1004")
    assert done.returncode == 0, done.stderr
    assert contents(dpx) == before
    names = sorted(contents(tmp_path / "m"))
    assert names == ["reel 2.1003.png", "reel 2.1004.png"]
    matte = next(iter(read_image(tmp_path / "m" / names[0], 1003).parts[0].planes.values()))
    assert (matte > 0)[SCENE.holes[1003]].mean() > 0.6


def test_nothing_to_do_means_copies(dpx: Path, tmp_path: Path) -> None:
    done = filmrestore("restore", dpx, f"{tmp_path}/out/", "--set", "detect.detector=none")
    assert done.returncode == 0
    assert contents(tmp_path / "out") == contents(dpx)


def test_a_matte_channel_travels_in_the_exr(tmp_path: Path) -> None:
    source = laid_out(tmp_path / "in", "exr", range(1001, 1006))
    done = filmrestore("restore", source, f"{tmp_path}/out/", "--matte-channel")
    assert done.returncode == 0, done.stderr
    for number in range(1001, 1006):
        frame = read_image(tmp_path / "out" / f"reel 2.{number}.exr", number)
        assert "damage.A" in frame.parts[0].planes
    again = filmrestore("verify", source, tmp_path / "out", "--matte", tmp_path / "out")
    assert again.returncode == 0, again.stdout


def test_output_that_cannot_be_written_is_refused_before_work(dpx: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = filmrestore("restore", dpx, f"{tmp_path}/file/out/")
    assert done.returncode == 1
    no_traceback(done)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "reel 2.1001.dpx").write_text("somebody's")
    kept = filmrestore("restore", dpx, f"{tmp_path}/foreign/")
    assert kept.returncode == 1
    assert (tmp_path / "foreign" / "reel 2.1001.dpx").read_text() == "somebody's"
    assert filmrestore("restore", dpx, f"{tmp_path}/foreign/", "--force").returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="file size limits are a POSIX feature")
def test_a_full_disk_is_named_and_leaves_no_part(tmp_path: Path) -> None:
    source = laid_out(tmp_path / "in", "exr", range(1001, 1004))
    size = next(source.iterdir()).stat().st_size
    import resource

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    done = in_a_process("restore", source, f"{tmp_path}/out/", preexec_fn=small_files)
    no_traceback(done)
    assert done.returncode == 1
    assert "1001" in done.stderr
    assert contents(tmp_path / "out") == {}
    assert filmrestore("restore", source, f"{tmp_path}/out/").returncode == 0


def test_two_runs_on_one_output_do_not_hurt_each_other(
    short: Path, restored: dict[str, bytes], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "filmrestore_core", "restore", str(short), f"{tmp_path}/out/"]
    both = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [p.communicate(timeout=120)[1] for p in both]
    assert [p.returncode for p in both] == [0, 0], said
    assert contents(tmp_path / "out") == restored


def movie(path: Path) -> Path:
    """A lossless movie of eight frames with a tone beside it."""
    with av.open(str(path), "w") as out:
        picture = out.add_stream("ffv1", rate=24)
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv422p10le"
        sound = out.add_stream("pcm_s16le", rate=48000)
        for number in range(1001, 1009):
            rgb = np.repeat((SCENE.damaged[number] * 255).astype(np.uint8), 3, axis=2)
            out.mux(picture.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(picture.encode(None))
        tone = (np.sin(np.arange(16000) / 20) * 9000).astype(np.int16)[None]
        samples = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        samples.sample_rate = 48000
        out.mux(sound.encode(samples))
        out.mux(sound.encode(None))
    return path


def test_a_movie_comes_out_as_a_movie_with_its_sound(tmp_path: Path) -> None:
    source = movie(tmp_path / "holiday.mkv")
    mattes = f"{tmp_path}/m/m.####.png"
    done = filmrestore("restore", source, tmp_path / "new.mkv", "--matte-out", mattes)
    assert done.returncode == 0, done.stderr
    proof = filmrestore("verify", source, tmp_path / "new.mkv", "--matte", mattes)
    assert proof.returncode == 0, proof.stdout
    assert "0 samples differ" not in proof.stdout
    with av.open(str(source)) as old, av.open(str(tmp_path / "new.mkv")) as new:
        assert new.streams.video[0].codec_context.pix_fmt == "yuv422p10le"
        heard = [
            np.concatenate([f.to_ndarray().ravel() for f in c.decode(audio=0)]) for c in (old, new)
        ]
        assert np.array_equal(*heard)


def test_a_movie_can_come_out_as_images(tmp_path: Path) -> None:
    source = movie(tmp_path / "holiday.mkv")
    done = filmrestore("restore", source, f"{tmp_path}/out/f.####.tif", "-f", "2-4")
    assert done.returncode == 0, done.stderr
    names = sorted(contents(tmp_path / "out"))
    assert names == ["f.0002.tif", "f.0003.tif", "f.0004.tif"]
    frame = read_image(tmp_path / "out" / names[0], 2)
    green = frame.parts[0].planes["G"] / 65535
    away = ~SCENE.holes[1003]
    # 8-bit RGB went in and 10-bit Y'CbCr 4:2:2 lay between.
    assert np.abs(green - SCENE.clean[1003][..., 0])[away].mean() < 0.02
