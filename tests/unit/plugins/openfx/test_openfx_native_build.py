"""Building the shim: targets, compilers, universal files. Compiling itself: tests/contract."""

import struct
from pathlib import Path

import pytest

from filmrestore_openfx.native import compilers, shims
from filmrestore_openfx.native.build import build_shim, main
from filmrestore_openfx.native.compilers import Compiler, CompilerError, compilers_for
from filmrestore_openfx.native.targets import SHIM_NAME, TARGETS, host_arch
from filmrestore_openfx.native.universal import join_universal


def thin(cpu: int, size: int) -> bytes:
    return struct.pack("<III", 0xFEEDFACF, cpu, 3).ljust(size, b"\x11")


def test_slices_of_a_universal_file_are_found_again():
    first, second = thin(0x01000007, 5000), thin(0x0100000C, 40000)
    joined = join_universal([first, second])
    magic, count = struct.unpack_from(">II", joined)
    assert (magic, count) == (0xCAFEBABE, 2)
    for number, content in enumerate((first, second)):
        cpu, _, offset, size, align = struct.unpack_from(">IIIII", joined, 8 + 20 * number)
        assert cpu == struct.unpack_from("<I", content, 4)[0]
        assert offset % (1 << align) == 0
        assert joined[offset : offset + size] == content


def test_only_thin_files_can_be_joined():
    with pytest.raises(ValueError, match="thin Mach-O"):
        join_universal([b"\x7fELF" + bytes(100)])


def test_without_a_compiler_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(compilers, "has_cross_compiler", lambda: False)
    monkeypatch.setattr(compilers, "system_compiler", lambda: None)
    with pytest.raises(CompilerError, match="pip install ziglang"):
        compilers_for(host_arch(), TARGETS.get(host_arch()), portable=False)


def test_the_system_compiler_builds_only_for_its_own_system(monkeypatch):
    monkeypatch.setattr(compilers, "has_cross_compiler", lambda: False)
    monkeypatch.setattr(compilers, "system_compiler", lambda: "/usr/bin/cc")
    monkeypatch.setattr(compilers.sys, "platform", "linux")
    other = next(arch for arch in TARGETS if arch != host_arch())
    with pytest.raises(CompilerError, match=other):
        compilers_for(other, TARGETS[other], portable=True)


def test_a_portable_build_prefers_the_cross_compiler(monkeypatch):
    monkeypatch.setattr(compilers, "has_cross_compiler", lambda: True)
    monkeypatch.setattr(compilers, "system_compiler", lambda: "/usr/bin/cc")
    target = TARGETS["MacOS"]
    assert len(compilers_for("MacOS", target, portable=True)) == 2
    found = compilers_for("Linux-x86-64", TARGETS["Linux-x86-64"], portable=True)
    assert "x86_64-linux-gnu.2.27" in found[0].command


def test_a_compiler_that_refuses_says_so_and_leaves_no_file(monkeypatch, tmp_path):
    refusing = Compiler(("false",), portable=False)
    monkeypatch.setattr(
        "filmrestore_openfx.native.build.compilers_for", lambda *_, **__: [refusing]
    )
    with pytest.raises(CompilerError, match="failed with 1"):
        build_shim(host_arch(), tmp_path / "out")
    assert not (tmp_path / "out" / SHIM_NAME).exists()


def test_a_shim_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(shims, "BUILT", tmp_path)
    assert shims.built_arches() == []
    with pytest.raises(FileNotFoundError, match=r"native\.build"):
        shims.find_shim("Win64", build=False)
    (tmp_path / "Win64").mkdir()
    (tmp_path / "Win64" / SHIM_NAME).write_bytes(b"")
    assert shims.built_arches() == ["Win64"]


def test_the_command_says_which_system_it_cannot_build_for(capsys, tmp_path):
    assert main(["--arch", "Linux-riscv64", "--out", str(tmp_path)]) == 1
    assert "Linux-riscv64: no compiler" in capsys.readouterr().err


def test_no_c_file_is_longer_than_a_page_of_its_job():
    root = Path(compilers.__file__).parent.parent
    lengths = {
        path.name: len(path.read_text().splitlines())
        for path in [*root.glob("native/*.[ch]"), *root.glob("testhost/native/*.[ch]")]
    }
    assert len(lengths) > 25
    assert {name: length for name, length in lengths.items() if length > 400} == {}
