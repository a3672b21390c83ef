"""Describing: from the manifest alone, any number of times, with no Python to be found."""

from pathlib import Path

import pytest
from openfx_bundles import HEAD, tiny_manifest

from filmrestore_openfx.testhost import OK, REPLY_DEFAULT, HostOptions
from filmrestore_openfx.testhost.host import FILTER, GENERAL

MISSING_FEATURE = 4


def test_describing_starts_no_python_and_works_without_it(tiny_bundle, open_host, tmp_path):
    host = open_host(tiny_bundle(python="/nowhere/python"), started=False)
    assert (host.plugins, host.identifier, host.version) == (1, "org.example.Tiny", (3, 7))
    for _ in range(25):
        host.start()
        host.create(GENERAL).destroy()
        assert host.unload() == OK
    assert not (tmp_path / "ofx.log").exists()  # the log begins with the first worker


def test_handles_are_all_given_back(open_host):
    host = open_host()
    host.create().destroy()
    before = host.library.th_live_handles()
    for _ in range(20):
        host.start()
        host.create(GENERAL).destroy()
    assert host.library.th_live_handles() == before


def test_the_descriptor_is_what_the_manifest_says(open_host):
    host = open_host()
    effect = host.descriptor()
    assert effect.get("OfxPropLabel") == ["Tiny"]
    described = "One line.\nAnother\twith a tab, and \\."
    assert effect.get("OfxPropPluginDescription") == [described]
    assert effect.get("OfxImageEffectPropTemporalClipAccess") == [1]
    assert list(host.described_clips(FILTER)) == ["Source", "Output"]
    assert list(host.described_clips(GENERAL)) == ["Source", "Mask", "Output"]
    params = host.described_params(FILTER)
    assert list(params)[-1] == "mode"
    assert "mask_grow" not in params
    assert "mask_grow" in host.described_params(GENERAL)
    assert params["tint"][1].get("OfxParamPropDefault") == [0.5, 0.25, 0.125, 1.0]


@pytest.mark.parametrize(
    ("depths", "wanted"),
    [
        (("OfxBitDepthByte", "OfxBitDepthHalf"), 3),
        (("OfxBitDepthByte", "OfxBitDepthFloat"), 2),
    ],
)
def test_a_depth_is_offered_only_to_hosts_that_have_it(open_host, depths, wanted):
    effect = open_host(options=HostOptions(depths=depths)).descriptor()
    assert len(effect.get("OfxImageEffectPropSupportedPixelDepths")) == wanted


def test_a_host_that_refuses_properties_and_types_is_served_all_the_same(open_host):
    options = HostOptions(
        refused_props=("OfxPropLabel", "OfxParamPropDefault", "OfxImageClipPropOptional"),
        refused_types=("OfxParamTypeString", "OfxParamTypeDouble3D", "OfxParamTypePushButton"),
        message_version=0,
        progress_version=0,
    )
    host = open_host(options=options)
    assert "mode" not in host.described_params(FILTER)
    assert "strength" in host.described_params(FILTER)
    assert host.create().sequence(1, 2, begin=False) == REPLY_DEFAULT


@pytest.mark.parametrize("missing", [1, 2, 4, 7])
def test_a_missing_suite_is_said_at_load(open_host, missing):
    host = open_host(options=HostOptions(missing_suites=missing), started=False)
    assert host.load() == MISSING_FEATURE
    assert host.call("OfxActionDescribe", None, 0, 0) == MISSING_FEATURE
    assert host.unload() == OK


BROKEN = {
    "empty": "",
    "other format": "filmrestore-openfx-manifest\t2\n",
    "no head": "id\torg.example.X\n",
    "no worker": "filmrestore-openfx-manifest\t1\nid\ta\npackage\t1\npython\t/x\n",
    "id with a space": HEAD.replace("org.example.Tiny", "org example"),
    "other protocol": HEAD.replace("protocol\t1", "protocol\t2"),
    "bad escape": HEAD + "effect\nprop\ts\tOfxPropLabel\t0\ta\\q\n",
    "property without a section": HEAD + "prop\ti\tX\t0\t1\n",
    "number that is none": HEAD + "effect\nprop\ti\tX\t0\tone\n",
    "index out of bounds": HEAD + "effect\nprop\ti\tX\t1000\t1\n",
    "negative index": HEAD + "effect\nprop\ti\tX\t-1\t1\n",
    "huge number": HEAD + "effect\nprop\ti\tX\t0\t99999999999\n",
    "not finite": HEAD + "effect\nprop\td\tX\t0\tnan\n",
    "too many fields": HEAD + "effect" + "\tx" * 40 + "\n",
    "long line": HEAD + "#" + "x" * 70000 + "\n",
    "forward without a mode": HEAD + "forward\tOfxImageEffectActionRender\n",
    "zero byte": HEAD.encode() + b"effect\n\0\n",
    "noise": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_manifest_gives_no_plugin(tiny_bundle, open_host, name):
    host = open_host(tiny_bundle(BROKEN[name]), started=False)
    assert host.plugins == 0
    assert host.identifier == ""


def test_without_a_manifest_there_is_no_plugin(tiny_bundle, open_host):
    bundle = tiny_bundle()
    (bundle / "Contents/Resources/tiny.manifest").unlink()
    assert open_host(bundle, started=False).plugins == 0


def test_words_of_later_formats_are_passed_over(tiny_bundle, open_host, tmp_path):
    text = tiny_manifest(tmp_path).replace("effect\n", "hologram\tyes\n\n# a remark\neffect\n")
    assert open_host(tiny_bundle(text)).plugins == 1


def test_a_bundle_of_another_name_and_behind_a_link_is_found(tiny_bundle, open_host, tmp_path):
    bundle = tiny_bundle()
    odd = tmp_path / "Größe mit Leerzeichen"
    odd.mkdir()
    bundle.rename(odd / bundle.name)
    (tmp_path / "linked").symlink_to(odd)
    assert open_host(tmp_path / "linked" / bundle.name).plugins == 1


def test_fixed_answers_need_no_python(tiny_bundle, open_host):
    node = open_host(tiny_bundle(python="/nowhere/python")).create(GENERAL)
    node.connect("Source", lambda _: None, region=(0, 0, 640, 480))
    node.connect("Mask", lambda _: None, region=(-9, -9, 9, 9))
    assert node.ask("OfxImageEffectActionGetClipPreferences") == (
        OK,
        {"OfxImageEffectFrameVarying": [0]},
    )
    assert node.ask("OfxImageEffectActionGetRegionOfDefinition", OfxPropTime=[4.0]) == (
        OK,
        {"OfxImageEffectPropRegionOfDefinition": [0.0, 0.0, 640.0, 480.0]},
    )
    asked = {"OfxPropTime": [4.0], "OfxImageEffectPropRegionOfInterest": [1.0, 2.0, 3.0, 4.0]}
    assert node.ask("OfxImageEffectActionGetRegionsOfInterest", **asked) == (
        OK,
        {
            "OfxImageClipPropRoI_Source": [0.0, 0.0, 640.0, 480.0],
            "OfxImageClipPropRoI_Mask": [1.0, 2.0, 3.0, 4.0],
        },
    )
    assert node.action("OfxImageEffectActionGetTimeDomain") == REPLY_DEFAULT
    assert node.action("NoSuchAction") == REPLY_DEFAULT
    assert node.action("OfxActionPurgeCaches") == REPLY_DEFAULT  # no worker runs: none is started


def test_only_three_names_are_exported_and_only_libc_is_needed(shim: Path):
    import shutil
    import subprocess

    if not shutil.which("nm") or not shutil.which("readelf"):
        pytest.skip("no binutils here")
    names = subprocess.run(
        ["nm", "-D", "--defined-only", shim], capture_output=True, text=True, check=True
    ).stdout
    ours = {line.split()[-1] for line in names.splitlines() if " T " in line}
    assert ours == {"OfxGetNumberOfPlugins", "OfxGetPlugin", "OfxSetHost"}
    needed = subprocess.run(["readelf", "-d", shim], capture_output=True, text=True, check=True)
    libraries = [line.split("[")[1] for line in needed.stdout.splitlines() if "NEEDED" in line]
    if "asan" not in needed.stdout:
        assert {name.split(".")[0] for name in libraries} <= {"libc", "libdl", "libpthread"}
