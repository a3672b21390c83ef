"""Puts the OpenFX shim into a wheel; all else about the package stands in pyproject.toml.

``FILMRESTORE_SHIM`` says for which system: a bundle's folder name such as ``Linux-aarch64`` (built
with the cross compiler that is a Python package), ``none``, or nothing: then this system's is built
where a compiler is found, and without one the wheel is the same with no shim in it.
"""

import os
import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent / "plugins"))

from filmrestore_openfx.native.build import build_shim, build_test_host, is_portable
from filmrestore_openfx.native.compilers import CompilerError
from filmrestore_openfx.native.targets import TARGETS, host_arch

ASKED = os.environ.get("FILMRESTORE_SHIM", "")
if ASKED not in {"", "none", *TARGETS}:
    sys.exit(f"FILMRESTORE_SHIM is '{ASKED}'; it may be none, {', '.join(TARGETS)}, or not be set")


class BuildWithShim(build_py):
    """Builds the shim into the build folder, unless the package is installed for editing."""

    built_arch = None

    def run(self):
        """Copies the packages, then replaces what a checkout may hold by a fresh build."""
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib, "filmrestore_openfx", "native", "built")
        shutil.rmtree(folder, ignore_errors=True)
        arch = ASKED or host_arch()
        if arch == "none":
            return
        try:
            build_shim(arch, folder / arch, portable=True)
            build_test_host(arch, folder / arch, portable=True)
            BuildWithShim.built_arch = arch
        except CompilerError as error:
            shutil.rmtree(folder, ignore_errors=True)
            if ASKED:
                raise
            self.warn(f"no OpenFX shim in this build: {error}")


class WheelWithShim(bdist_wheel):
    """A wheel with a shim is for one platform, and for every Python."""

    def get_tag(self):
        """``py3-none-any`` without a shim; else the platform the shim runs on."""
        arch = BuildWithShim.built_arch
        if arch is None:
            return super().get_tag()
        if is_portable(arch):
            return "py3", "none", TARGETS[arch].wheel_tag
        self.root_is_pure = False  # only for the question: no file of it is for one Python
        platform = super().get_tag()[2]
        self.root_is_pure = True
        return "py3", "none", platform


setup(
    cmdclass={"build_py": BuildWithShim, "bdist_wheel": WheelWithShim},
    setup_requires=["ziglang>=0.13"] if ASKED in TARGETS else [],
)
