"""The OpenFX shim and the reference host, built once, and hosts that end with their test."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from filmrestore_openfx.native.build import build_shim, build_test_host
from filmrestore_openfx.native.compilers import CompilerError
from filmrestore_openfx.native.shims import find_shim, find_test_host
from filmrestore_openfx.native.targets import host_arch

SANITIZED = os.environ.get("FILMRESTORE_TEST_SANITIZED") == "1"


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The native shim for this system."""
    if sys.platform == "win32":
        pytest.skip("the tiny worker speaks over Unix sockets")
    try:
        if SANITIZED:
            return build_shim(host_arch(), tmp_path_factory.mktemp("shim"), checks="memory")
        return find_shim()
    except CompilerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def host_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference host's library for this system."""
    try:
        if SANITIZED:
            return build_test_host(host_arch(), tmp_path_factory.mktemp("host"), checks="memory")
        return find_test_host()
    except CompilerError as error:
        pytest.skip(str(error))


@pytest.fixture
def tiny_bundle(shim: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes a bundle of the tiny node; arguments as openfx_bundles.make_bundle's."""
    from openfx_bundles import make_bundle

    return lambda *given, **named: make_bundle(tmp_path, shim, *given, **named)


@pytest.fixture
def open_host(
    tiny_bundle: Callable[..., Path], host_library: Path
) -> Iterator[Callable[..., object]]:
    """Opens the tiny node in a reference host; when the test ends, its rules are checked."""
    from filmrestore_openfx.testhost import ReferenceHost

    with ExitStack() as stack:
        hosts = []

        def opened(bundle=None, options=None, *, started=True):
            host = ReferenceHost(bundle or tiny_bundle(), options, library=host_library)
            stack.callback(host.close)
            hosts.append(host)
            return host.start() if started else host

        yield opened
        for host in hosts:
            host.check()
