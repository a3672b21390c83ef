"""The installed bundle in the reference host: the real node, through the shim, on real frames."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from filmrestore_core import (
    Box,
    ExternalMattes,
    Frame,
    MemoryClip,
    Part,
    PixelFormat,
    Restorer,
    load_preset,
)
from filmrestore_core.cli.main import run
from filmrestore_core.media.image_file import write_new
from filmrestore_core.media.open import open_clip
from filmrestore_core.testing.scenes import moving_scene
from filmrestore_openfx.bundle import install
from filmrestore_openfx.gather import NO_TIME, SAME_TIME
from filmrestore_openfx.native.targets import host_arch
from filmrestore_openfx.testhost import FAILED, OK, HostImage, HostOptions
from filmrestore_openfx.testhost.host import FILTER, GENERAL, ReferenceHost

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the shim was never run there")

NUMBERS = range(1, 12)
CLASSICAL = {"detect.detector": "classical", "repair.method": "classical"}
QUICK = {"detector": 2, "repairMethod": 2}
Pictures = dict[int, NDArray[np.float32]]


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    """RGBA float, (64, 96, 4), with a dark and a bright chip on each second frame."""
    clean = moving_scene(
        NUMBERS, channels=3, height=64, width=96, velocity=(0.5, 0.0), specks=0, seed=3
    ).clean
    y, x = np.mgrid[0:64, 0:96]
    made = {}
    for number, picture in clean.items():
        if number % 2 == 0:
            picture[(x - 12 - 2 * number) ** 2 + (y - 20 - number) ** 2 <= 8] = 0.02
            picture[(x - 60 - 2 * number) ** 2 + (y - 48 + number) ** 2 <= 8] = 0.98
        made[number] = np.dstack([picture, np.ones((64, 96), np.float32)])
    return made


@pytest.fixture(scope="module")
def bundle(shim: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("OFX Plugins"), {host_arch(): shim})


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FILMRESTORE_OFX_LOG", str(tmp_path / "openfx.log"))
    return tmp_path / "openfx.log"


@pytest.fixture
def opened(bundle: Path, host_library: Path) -> Iterator[Callable[..., ReferenceHost]]:
    """Opens the bundle in a host; its rules are checked at the end."""
    hosts: list[ReferenceHost] = []

    def make(**options: Any) -> ReferenceHost:
        host = ReferenceHost(bundle, HostOptions(**options), library=host_library)
        hosts.append(host)
        return host.start()

    yield make
    for host in hosts:
        host.close()
        host.check()


def connected(host: ReferenceHost, pictures: Pictures, context: str = FILTER, **values: Any) -> Any:
    node = host.create(context)
    images = {n: HostImage(p, premult="premultiplied") for n, p in pictures.items()}
    node.connect("Source", lambda t: images.get(int(t)), first=min(images), last=max(images))
    for name, value in (QUICK | values).items():
        node.set(name, value)
    return node


def rendered(node: Any, time: int, **options: Any) -> NDArray[Any]:
    output = HostImage.blank_like(node.footage["Source"](float(time)), negative=True, padding=16)
    assert node.render(float(time), output, **options) == OK, node.message()
    return np.asarray(output.pixels())


def in_python(pictures: Pictures, number: int, changes: Any = CLASSICAL) -> NDArray[Any]:
    restored = Restorer(load_preset(changes=changes)).restore(memory(pictures), number)
    return np.dstack(list(restored.frame.parts[0].planes.values()))


def frame(number: int, picture: NDArray[Any]) -> Frame:
    box = Box.of_size(picture.shape[1], picture.shape[0])
    planes = {c: np.ascontiguousarray(picture[..., i]) for i, c in enumerate("RGBA")}
    formats = dict.fromkeys(planes, PixelFormat.of(picture.dtype))
    return Frame(number, (Part("", planes, formats, box, box),))


def memory(pictures: Pictures) -> MemoryClip:
    return MemoryClip([frame(n, p) for n, p in pictures.items()])


class Painted:
    """One matte for every frame."""

    def __init__(self, coverage: NDArray[np.float32]) -> None:
        self._coverage = coverage

    def coverage(self, number: int, box: Box) -> NDArray[np.float32]:
        return self._coverage


def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes()


def command_line(folder: Path, pictures: Pictures, *options: str) -> Pictures:
    """What `filmrestore restore` makes of the same frames as float EXR."""
    (folder / "in").mkdir(parents=True)
    for number, picture in pictures.items():
        write_new(folder / "in" / f"reel.{number:04}.exr", frame(number, picture))
    source, target = str(folder / "in" / "reel.####.exr"), str(folder / "out")
    assert run(["restore", source, target, "--workers", "1", *options]) == 0
    clip = open_clip(str(folder / "out" / "reel.####.exr"))
    return {n: np.dstack([clip.read(n).parts[0].planes[c] for c in "RGBA"]) for n in clip.numbers}


def test_a_damaged_sequence_comes_out_as_the_command_line_makes_it(
    opened: Callable[..., ReferenceHost], pictures: Pictures, tmp_path: Path
) -> None:
    settings = [f"--set={key}={value}" for key, value in CLASSICAL.items()]
    wanted = command_line(tmp_path / "cli", pictures, *settings)
    node = connected(opened(), pictures)
    changed = 0
    for number in (6, 1, 11, 2, 3, 4, 5, 7, 8, 9, 10):
        result = rendered(node, number)
        assert same(result, wanted[number]), f"frame {number}"
        changed += int((result != pictures[number]).any())
    assert changed >= 4
    assert node.message() is None
    shown = {(clip, time) for clip, time in node.asked}
    assert shown == {("Source", float(n)) for n in NUMBERS}, (
        "frames outside the clip were asked for"
    )


def test_the_diffusion_net_draws_as_it_does_in_python(
    opened: Callable[..., ReferenceHost], pictures: Pictures
) -> None:
    changes = {
        "detect.detector": "classical",
        "repair.method": "net",
        "repair.dirt": "diffusion",
        "sampler.steps": 2,
        "sampler.fidelity": 0.5,
    }
    node = connected(
        opened(), pictures, repairMethod=1, repairDirt=4, drawingSteps=2, drawingFidelity=0.5
    )
    drawn = rendered(node, 6)
    assert same(drawn, in_python(pictures, 6, changes))
    assert not same(drawn, in_python(pictures, 6, changes | {"repair.dirt": "same"}))


@pytest.mark.slow
def test_with_the_nets_it_is_the_command_line_too(
    opened: Callable[..., ReferenceHost], pictures: Pictures, tmp_path: Path
) -> None:
    wanted = command_line(tmp_path / "cli", pictures)
    node = connected(opened(), pictures, detector=0, repairMethod=0)
    for number in (4, 7):
        assert same(rendered(node, number), wanted[number])


def test_each_view_is_another_picture_and_source_is_the_source(
    opened: Callable[..., ReferenceHost], pictures: Pictures
) -> None:
    node = connected(opened(), pictures)
    seen = []
    for view in range(6):
        node.set("view", view)
        seen.append(rendered(node, 6))
    assert len({view.tobytes() for view in seen}) == 6
    assert same(seen[5], pictures[6])
    status, answer = node.is_identity(6.0, (0, 0, 96, 64))
    assert (status, answer["OfxPropName"]) == (OK, ["Source"])


def test_windows_and_depths_through_the_shim(
    opened: Callable[..., ReferenceHost], pictures: Pictures
) -> None:
    host = opened()
    whole = rendered(connected(host, pictures), 6)
    node = connected(host, pictures)
    window = (7, 11, 80, 41)
    part = rendered(node, 6, window=window)
    assert same(part[64 - 41 : 64 - 11, 7:80], whole[64 - 41 : 64 - 11, 7:80])
    for dtype, top in ((np.uint8, 255), (np.uint16, 65535), (np.float16, 1)):
        coded = {n: (np.rint(p * top) if top > 1 else p).astype(dtype) for n, p in pictures.items()}
        result = rendered(connected(host, coded), 6)
        assert same(result, in_python(coded, 6))
        assert same(result[..., 3], coded[6][..., 3])


def test_a_host_without_temporal_access_is_asked_for_one_frame_and_told_so(
    opened: Callable[..., ReferenceHost], pictures: Pictures, log: Path
) -> None:
    node = connected(opened(temporal=False), pictures)
    result = rendered(node, 6)
    assert node.asked == [("Source", 6.0)]
    assert same(result, in_python({6: pictures[6]}, 6))
    message = node.message()
    assert message is not None
    assert message == ("OfxMessageWarning", NO_TIME)
    assert NO_TIME in log.read_text()
    status, ranges = node.frames_needed(6.0)
    assert (status, ranges["OfxImageClipPropFrameRange_Source"]) == (OK, [6.0, 6.0])


def test_a_host_that_lies_about_time_is_found_out(
    opened: Callable[..., ReferenceHost], pictures: Pictures
) -> None:
    node = connected(opened(), pictures)
    image = HostImage(pictures[6], premult="premultiplied")
    node.connect("Source", lambda _: image, first=1, last=11)
    result = rendered(node, 6)
    assert same(result, in_python({6: pictures[6]}, 6))
    assert node.message() == ("OfxMessageWarning", SAME_TIME)


def test_a_mask_and_a_damage_matte_in_the_general_context(
    opened: Callable[..., ReferenceHost], pictures: Pictures
) -> None:
    host = opened()
    left = np.zeros((64, 96, 1), np.float32)
    left[:, :48] = 1
    node = connected(host, pictures, GENERAL)
    mask = HostImage(left)
    node.connect("Mask", lambda _: mask, first=1, last=11)
    masked = rendered(node, 6)
    assert same(masked[:, 48:], pictures[6][:, 48:])
    held = ExternalMattes(hold_out=Painted(1.0 - left[..., 0]))
    restorer = Restorer(load_preset(changes=CLASSICAL), external=held)
    planes = restorer.restore(memory(pictures), 6).frame.parts[0].planes
    assert same(masked, np.dstack(list(planes.values())))
    assert (masked != pictures[6]).any()
    matted = connected(host, pictures, GENERAL)
    spot = np.zeros((64, 96, 1), np.float32)
    spot[5:9, 5:9] = 1
    matte = HostImage(spot)
    matted.connect("DamageMatte", lambda _: matte, first=1, last=11)
    changed = (rendered(matted, 6) != pictures[6]).any(axis=2)
    assert changed[5:9, 5:9].all()
    assert changed.sum() == 16


def test_a_missing_model_is_said_on_the_node_and_mended_by_the_next_good_frame(
    opened: Callable[..., ReferenceHost], pictures: Pictures, log: Path
) -> None:
    node = connected(opened(), pictures, detector=0, modelFile="/no/such/model.onnx")
    output = HostImage.blank_like(node.footage["Source"](6.0))
    assert node.render(6.0, output) == FAILED
    kind, text = node.message()
    assert kind == "OfxMessageError"
    assert "/no/such/model.onnx cannot be read" in text
    assert "/no/such/model.onnx" in log.read_text()
    node.set("modelFile", "")
    node.set("detector", 2)
    assert same(rendered(node, 6), in_python(pictures, 6))
    assert node.message() is None


def test_a_missing_interpreter_is_said_on_the_node(
    opened: Callable[..., ReferenceHost], pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILMRESTORE_OFX_PYTHON", "/no/such/python3")
    node = connected(opened(), pictures)
    output = HostImage.blank_like(node.footage["Source"](6.0))
    assert node.render(6.0, output) == FAILED
    assert "/no/such/python3" in node.message()[1]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
def test_a_killed_worker_changes_no_picture(
    opened: Callable[..., ReferenceHost], pictures: Pictures
) -> None:
    node = connected(opened(), pictures)
    before = rendered(node, 6)
    workers = children_of(os.getpid())
    assert len(workers) == 1
    os.kill(workers[0], signal.SIGKILL)
    assert same(rendered(node, 6), before)
    assert node.message() is None


def children_of(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            command = (entry / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if entry.name.isdigit() and int(stat[1]) == pid and b"filmrestore_openfx.worker" in command:
            found.append(int(entry.name))
    return found


def test_hostile_surroundings(
    opened: Callable[..., ReferenceHost],
    pictures: Pictures,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('not this one')\n")
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "PYTHONHOME": "/nonsense",
        "PYTHONPATH": str(tmp_path),
        "PYTHONSTARTUP": "/nonsense",
        "LD_LIBRARY_PATH": "/nonsense",
        "LD_PRELOAD": "/nonsense.so",
    }.items():
        monkeypatch.setenv(name, value)
    assert same(rendered(connected(opened(), pictures), 6), in_python(pictures, 6))


def test_four_render_threads(opened: Callable[..., ReferenceHost], pictures: Pictures) -> None:
    host = opened()
    nodes = [connected(host, pictures) for _ in range(4)]
    results: dict[int, list[NDArray[Any]]] = {n: [] for n in (4, 5, 6, 7)}

    def work(node: Any, order: list[int]) -> None:
        for number in order:
            results[number].append(rendered(node, number))

    orders = [[4, 5, 6, 7], [7, 6, 5, 4], [6, 4, 7, 5], [5, 7, 4, 6]]
    threads = [threading.Thread(target=work, args=pair) for pair in zip(nodes, orders, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    for number, found in results.items():
        wanted = in_python(pictures, number)
        assert len(found) == 4
        assert all(same(result, wanted) for result in found)


def test_a_node_after_a_node(opened: Callable[..., ReferenceHost], pictures: Pictures) -> None:
    """The second node's source is rendered by the first, inside the second's own render."""
    host = opened()
    first = connected(host, pictures)
    second = connected(host, pictures)
    made: dict[int, HostImage] = {}

    def upstream(time: float) -> HostImage | None:
        if int(time) not in pictures:
            return None
        if int(time) not in made:
            output = HostImage.blank_like(first.footage["Source"](time))
            assert first.render(time, output) == OK, first.message()
            made[int(time)] = HostImage(output.pixels(), premult="premultiplied")
        return made[int(time)]

    second.connect("Source", upstream, first=1, last=11)
    result = rendered(second, 6)
    once: Pictures = {n: in_python(pictures, n) for n in NUMBERS}
    assert same(result, in_python(once, 6))


def test_a_preset_moves_its_controls(
    opened: Callable[..., ReferenceHost], pictures: Pictures
) -> None:
    node = connected(opened(), pictures)
    node.set("preset", 3)
    assert node.change("preset") == OK
    heavy = load_preset("heavy").detect
    assert node.get("sensitivity")[0] == heavy.sensitivity
    assert node.get("leaveStains")[0] == 0
    node.set("sensitivity", 0.9)
    assert node.change("sensitivity") == OK
    assert node.get("preset")[0] == 0
    wanted = load_preset("heavy", changes={**CLASSICAL, "detect.sensitivity": 0.9})
    restored = Restorer(wanted).restore(memory(pictures), 6)
    planes = restored.frame.parts[0].planes
    assert same(rendered(node, 6), np.dstack(list(planes.values())))


def test_a_simple_host_that_reads_nothing_gets_the_defaults(
    opened: Callable[..., ReferenceHost], pictures: Pictures
) -> None:
    node = connected(opened(), pictures)
    for name in ("strength", "sensitivity", "dirt", "view", "preset", "seed", "grow"):
        node.refuse_reading(name)
    assert same(rendered(node, 6), in_python(pictures, 6))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks into /proc")
def test_memory_and_descriptors_stay_flat(
    opened: Callable[..., ReferenceHost], pictures: Pictures
) -> None:
    small = {n: p[:32, :48].copy() for n, p in pictures.items()}
    node = connected(opened(checks_memory=False), small)

    def state() -> tuple[int, int]:
        worker = children_of(os.getpid())[0]
        pages = int(Path(f"/proc/{worker}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(f"/proc/{worker}/fd"))

    for turn in range(300):
        node.set("sensitivity", 0.4 + 0.001 * (turn % 50))
        rendered(node, 2 + turn % 9)
        if turn == 100:
            before = state()
    after = state()
    assert after[1] <= before[1] + 2
    # Restorers keep up to a bound; what may grow beyond it is the allocator's slack.
    assert after[0] <= before[0] * 1.15 + 30e6
