from __future__ import annotations

import plistlib
import struct
import sys
from pathlib import Path

import pytest

from filmrestore_core import __version__
from filmrestore_core.cli.main import run
from filmrestore_openfx import places
from filmrestore_openfx.bundle import install, read_installed, uninstall
from filmrestore_openfx.controls import controls
from filmrestore_openfx.errors import BundleError
from filmrestore_openfx.lines import split_fields
from filmrestore_openfx.manifest import PLUGIN_ID, manifest
from filmrestore_openfx.places import BUNDLE

ABOUT = ("v", "m", "d", "a log\twith a tab")


@pytest.fixture
def shim(tmp_path: Path) -> dict[str, Path]:
    file = tmp_path / "shim"
    file.write_bytes(b"\x7fELF")
    return {"Linux-x86-64": file, "Win64": file}


def test_the_bundle_has_what_hosts_look_for(tmp_path: Path, shim: dict[str, Path]) -> None:
    path = install(tmp_path / "Plü gins", shim)
    files = {p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()}
    assert files == {
        "Contents/Info.plist",
        "Contents/Linux-x86-64/filmrestore.ofx",
        "Contents/Win64/filmrestore.ofx",
        "Contents/Resources/filmrestore.manifest",
        f"Contents/Resources/{PLUGIN_ID}.png",
        f"Contents/Resources/{PLUGIN_ID}.svg",
    }
    plist = plistlib.loads((path / "Contents/Info.plist").read_bytes())
    for key in (
        "CFBundleExecutable",
        "CFBundlePackageType",
        "CFBundleInfoDictionaryVersion",
        "CFBundleVersion",
        "CFBundleDevelopmentRegion",
        "CFBundleIdentifier",
    ):
        assert plist[key]
    assert plist["CFBundleExecutable"] == "filmrestore.ofx"
    png = (path / f"Contents/Resources/{PLUGIN_ID}.png").read_bytes()
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert min(width, height) >= 128
    assert (depth, kind) == (8, 6), "32-bit with alpha"
    found = read_installed(path.parent)
    assert found is not None
    assert found.package == __version__
    assert found.python == Path(sys.executable)
    assert set(found.shims) == set(shim)
    assert [p.name for p in path.parent.iterdir()] == [BUNDLE], "nothing else is left"


def test_a_new_bundle_takes_the_place_of_the_old(tmp_path: Path, shim: dict[str, Path]) -> None:
    first = install(tmp_path / "p", shim)
    (first / "Contents" / "left over").write_text("x")
    assert install(tmp_path / "p", shim) == first
    assert not (first / "Contents" / "left over").exists()
    assert uninstall(tmp_path / "p") is True
    assert uninstall(tmp_path / "p") is False
    assert list((tmp_path / "p").iterdir()) == []


def test_a_failure_leaves_the_old_bundle_whole(
    tmp_path: Path, shim: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = install(tmp_path / "p", shim)
    before = sorted(p.name for p in path.rglob("*"))
    with pytest.raises(BundleError, match="cannot be written"):
        install(tmp_path / "p", {"Linux-x86-64": tmp_path / "no such shim"})
    real = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError("the disk is full")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(BundleError, match="the disk is full"):
        install(tmp_path / "p", shim)
    assert sorted(p.name for p in path.rglob("*")) == before
    assert [p.name for p in path.parent.iterdir()] == [BUNDLE]


def test_what_is_not_ours_is_left_alone(tmp_path: Path, shim: dict[str, Path]) -> None:
    other = tmp_path / BUNDLE
    other.mkdir()
    (other / "theirs").write_text("x")
    for act in (lambda: install(tmp_path, shim), lambda: uninstall(tmp_path)):
        with pytest.raises(BundleError, match="no bundle of filmrestore"):
            act()
    assert (other / "theirs").exists()


def test_an_interpreter_that_cannot_run_the_worker_is_refused(
    tmp_path: Path, shim: dict[str, Path]
) -> None:
    with pytest.raises(BundleError, match="cannot be started"):
        install(tmp_path / "p", shim, python=tmp_path / "no python")
    wrong = tmp_path / "python"
    wrong.write_text("#!/bin/sh\necho 'no module of that name' >&2\nexit 1\n")
    wrong.chmod(0o755)
    with pytest.raises(BundleError, match="no module of that name"):
        install(tmp_path / "p", shim, python=wrong)
    with pytest.raises(BundleError, match="no shim"):
        install(tmp_path / "p", {})
    assert not (tmp_path / "p").exists()


def test_the_manifest_keeps_its_own_rules() -> None:
    text = manifest(Path("/opt/python"), ABOUT)
    lines = [split_fields(line) for line in text.splitlines()]
    assert lines[0] == ["filmrestore-openfx-manifest", "1"]
    assert [line[0] for line in lines[1:7]] == [
        "id", "version", "protocol", "package", "python", "worker",
    ]  # fmt: skip
    assert max(len(line.encode()) for line in text.splitlines()) < 60_000
    seen: list[str] = []
    for word, *rest in lines[1:]:
        assert word in {
            "id", "version", "protocol", "package", "python", "worker", "forward", "roi", "rod",
            "answer", "effect", "clip", "param", "if-host", "prop",
        }  # fmt: skip
        if word == "prop":
            kind, name, index, value = rest
            assert kind in "sid"
            assert name.startswith("Ofx")
            assert 0 <= int(index) < 1000
            if kind == "i":
                int(value)
            elif kind == "d":
                float(value)
        elif word == "param":
            seen.append(rest[1])
    assert seen == [c.name for c in controls()]
    assert "a log\\twith a tab" in text


def test_every_choice_and_number_is_described_whole() -> None:
    props: dict[str, dict[str, list[str]]] = {}
    current = ""
    for line in manifest(Path("/opt/python"), ABOUT).splitlines():
        word, *rest = split_fields(line)
        if word != "prop":
            current = rest[1] if word == "param" else ""
        elif current:
            props.setdefault(current, {}).setdefault(rest[1], []).append(rest[3])
    for control in controls():
        found = props[control.name]
        if control.options:
            assert found["OfxParamPropChoiceOption"] == list(control.options)
        if control.shown:
            for limit in ("Min", "Max", "DisplayMin", "DisplayMax"):
                assert len(found[f"OfxParamProp{limit}"]) == 1
        if control.holds_value:
            assert found["OfxParamPropHint"][0]
            assert len(found["OfxParamPropDefault"]) == 1


def test_places_of_every_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert places.user_folder("linux") == tmp_path / "OFX" / "Plugins"
    assert places.user_folder("darwin").name == "Plugins"
    assert places.system_folder("darwin") == Path("/Library/OFX/Plugins")
    assert places.separator("win32") == ";"
    assert "setx" in places.advice(tmp_path, "win32")
    assert "launchctl" in places.advice(tmp_path, "darwin")
    if sys.platform.startswith("linux"):
        monkeypatch.setenv("OFX_PLUGIN_PATH", f"/one:{tmp_path}")
        assert places.search_path()[:2] == (Path("/one"), tmp_path)
        assert places.is_searched(tmp_path)
        assert not places.is_searched(tmp_path / "other")


def test_the_commands_install_look_and_remove(
    tmp_path: Path,
    shim: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from filmrestore_openfx import shims

    monkeypatch.setattr(shims, "shims_here", lambda: shim)
    monkeypatch.setenv("OFX_PLUGIN_PATH", "")
    folder = tmp_path / "p"
    there = ["--dir", str(folder)]
    assert run(["openfx", "install", *there]) == 0
    said = capsys.readouterr().out
    assert str(folder / BUNDLE) in said
    assert "OFX_PLUGIN_PATH" in said
    assert run(["openfx", "doctor", "--no-render", *there]) == 0
    said = capsys.readouterr().out
    for word in ("package", "python", "models", "device", "log file", "search path", "shim"):
        assert word in said
    assert "BAD" not in said
    assert run(["openfx", "uninstall", *there]) == 0
    assert run(["openfx", "doctor", *there]) == 1
    assert "run 'filmrestore openfx install'" in capsys.readouterr().out
    assert run(["openfx", "install", "--system", *there]) == 1
    assert "choose one" in capsys.readouterr().err
    assert run(["openfx", "uninstall", *there]) == 0
    assert "There is no" in capsys.readouterr().out


def test_a_worker_that_cannot_start_tells_every_action() -> None:
    import socket
    import threading

    from filmrestore_openfx.lines import LineChannel, SocketTransport
    from filmrestore_openfx.worker import refuse

    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=refuse, args=(SocketTransport(theirs), "numpy is missing"))
    thread.start()
    shim = LineChannel(SocketTransport(ours))
    shim.send("action", "OfxImageEffectActionRender", 1)
    assert shim.read() == ["persist", "error", "numpy is missing"]
    shim.send("ok")
    assert shim.read() == ["done", "1"]
    shim.send("action", "OfxImageEffectActionIsIdentity", 1)
    assert shim.read() == ["done", "1"]
    shim.close()
    thread.join(10)
    assert not thread.is_alive()
