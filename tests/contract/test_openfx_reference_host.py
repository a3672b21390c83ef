"""The reference host sees what it promises to see: a plug-in that breaks one rule at a time."""

from pathlib import Path

import numpy as np
import pytest

from filmrestore_openfx.native.build import SOURCES
from filmrestore_openfx.native.compilers import CompilerError, compilers_for
from filmrestore_openfx.native.targets import TARGETS, host_arch
from filmrestore_openfx.testhost import HostImage, HostOptions, ReferenceHost
from filmrestore_openfx.testhost.host import FILTER, ReferenceHostError

RULES = {
    "clip twice": "clip Output is defined twice",
    "param twice": "parameter strength is defined twice",
    "unknown type": "unknown type OfxParamTypeQuaternion",
    "type changed": "with another type than it has",
    "more plug-ins than said": "beyond the last plug-in",
    "image kept": "an image was not released",
    "image of a past action": "an image was not released",
    "other time": "the host grants only 1",
    "clip not temporal": "without temporal access in its descriptor",
    "released twice": "no live image",
    "wild handle": "no live property set",
    "wrong kind of handle": "no live property set",
    "input written": "an input image was written into",
    "param set in render": "in an action that may not",
    "modal message": "a modal message was raised",
    "text as format": "given as a format",
    "define late": "clipDefine outside DescribeInContext",
    "another thread": "on a thread on which no action runs",
    "outside the window": "bytes changed that must not",
    "written and failed": "bytes changed that must not",
    "image in identity": "an action that may not fetch images",
    "abort in identity": "abort() outside of Render",
}


@pytest.fixture(scope="module")
def breaker(tmp_path_factory):
    """A bundle of the rule breaker."""
    binary = tmp_path_factory.mktemp("breaker") / "tiny.ofx.bundle" / "Contents" / host_arch()
    binary.mkdir(parents=True)
    try:
        (compiler,) = compilers_for(host_arch(), TARGETS.get(host_arch()), portable=False)
    except (CompilerError, ValueError) as error:
        pytest.skip(str(error))
    source = Path(__file__).with_name("openfx_rule_breaker.c")
    out = binary / "tiny.ofx"
    compiler.run(
        ["-std=c11", "-fPIC", "-shared", f"-I{SOURCES}", str(source), "-o", str(out), "-lpthread"]
    )
    return binary.parents[1]


def broken_rules(breaker, library, options=None):
    source = HostImage(np.full((4, 6, 4), 9, np.uint8))
    with ReferenceHost(breaker, options, library=library).start() as host:
        node = host.create(FILTER)
        node.connect("Source", lambda _: source)
        node.is_identity(1, (0, 0, 6, 4))
        for _ in range(2):
            node.render(1, HostImage.blank_like(source))
    try:
        host.check()
    except ReferenceHostError as error:
        return str(error)
    return ""


def test_a_plugin_that_breaks_no_rule_is_left_in_peace(breaker, host_library, monkeypatch):
    monkeypatch.delenv("RULE", raising=False)
    assert broken_rules(breaker, host_library) == ""


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_noticed(breaker, host_library, monkeypatch, rule):
    monkeypatch.setenv("RULE", rule)
    options = HostOptions(temporal=rule != "other time")
    assert RULES[rule] in broken_rules(breaker, host_library, options)
