"""A wheel brings the shim: its user needs no compiler."""

import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from filmrestore_openfx.native.compilers import has_cross_compiler, system_compiler
from filmrestore_openfx.native.targets import TARGETS, host_arch

ROOT = Path(__file__).parents[2]

RENDER = """
import sys
from pathlib import Path
import numpy as np
from filmrestore_openfx.native.shims import find_shim
from filmrestore_openfx.testhost import HostImage, ReferenceHost
sys.path.append(sys.argv[2])
from openfx_bundles import make_bundle
assert str(find_shim(build=False)).startswith(sys.argv[1]), find_shim(build=False)
folder = Path(sys.argv[3])
folder.mkdir()
with ReferenceHost(make_bundle(folder, find_shim())).start() as host:
    node = host.create()
    source = HostImage(np.arange(96, dtype=np.uint8).reshape(4, 6, 4))
    node.connect("Source", lambda _: source)
    node.set("mode", "invert")
    output = HostImage.blank_like(source)
    assert node.render(1, output) == 0, node.message()
    assert (output.pixels() == 255 - source.pixels()).all()
    host.check()
print("rendered")
"""


def build_wheel(folder: Path, arch: str) -> Path:
    for needed in ("build", "setuptools"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"the package {needed} is not installed")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "build", "--wheel", "--no-isolation"),
            *("--skip-dependency-check", "--outdir", str(folder), str(ROOT)),
        ],
        env={**os.environ, "FILMRESTORE_SHIM": arch},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.mark.slow
def test_the_wheel_renders_where_there_is_no_compiler(tmp_path):
    if sys.platform == "win32" or not (has_cross_compiler() or system_compiler()):
        pytest.skip("no C compiler here")
    wheel = build_wheel(tmp_path, "")
    assert "-py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")
    portable = has_cross_compiler() and host_arch() in TARGETS
    if portable:
        assert wheel.name.endswith(f"-{TARGETS[host_arch()].wheel_tag}.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    if portable and sys.platform == "linux":
        shim = site / "filmrestore_openfx/native/built" / host_arch() / "filmrestore.ofx"
        asked = re.findall(rb"GLIBC_(\d+)\.(\d+)", shim.read_bytes())
        assert max((int(major), int(minor)) for major, minor in asked) <= (2, 28)
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", RENDER, site, Path(__file__).parent, tmp_path / "bundles"],
        env={"PATH": str(tmp_path / "empty"), "PYTHONPATH": str(site), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "rendered", done.stderr


@pytest.mark.slow
def test_without_a_shim_the_wheel_is_for_every_platform(tmp_path):
    wheel = build_wheel(tmp_path, "none")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    assert not [name for name in names if "/native/built/" in name]
    assert "filmrestore_openfx/native/entry.c" in names
