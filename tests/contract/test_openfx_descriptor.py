"""The real node's descriptor, by the standard's rules, in the reference host."""

import pytest

from filmrestore_openfx.bundle import install
from filmrestore_openfx.native.targets import host_arch
from filmrestore_openfx.testhost import ReferenceHost
from filmrestore_openfx.testhost.host import FILTER, GENERAL
from filmrestore_openfx.testhost.rules import descriptor_notes


@pytest.fixture(scope="module")
def bundle(shim, tmp_path_factory):
    return install(tmp_path_factory.mktemp("OFX Plugins"), {host_arch(): shim})


def test_the_node_breaks_no_rule_of_describing(bundle, host_library):
    with ReferenceHost(bundle, library=host_library) as host:
        host.start()
        assert descriptor_notes(host, (FILTER, GENERAL)) == []
        host.check()


def test_broken_rules_are_found(open_host, tiny_bundle, tmp_path):
    """The tiny node has no hints, no groups' labels and no ranges: the rules must say so."""
    host = open_host()
    notes = descriptor_notes(host, (FILTER, GENERAL))
    assert any("strength lacks a default, a range or a display range" in note for note in notes)
    assert any("preset has fewer than two options" in note for note in notes)
    assert any("radius has no hint" in note for note in notes)
