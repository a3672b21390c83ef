"""Bundles for tests of the shim: its own manifest, and the tiny worker beside this file."""

import shutil
import sys
from pathlib import Path

from filmrestore_openfx.native.targets import host_arch

TINY_WORKER = Path(__file__).with_name("openfx_tiny_worker.py")

HEAD = """filmrestore-openfx-manifest\t1
id\torg.example.Tiny
version\t3\t7
protocol\t1
package\t9.9.9
python\t{python}
worker\tfile\t{worker}
log\t{log}
"""

BODY = """forward\tOfxImageEffectActionRender\tstart
forward\tOfxImageEffectActionIsIdentity\tstart
forward\tOfxImageEffectActionGetFramesNeeded\tstart
forward\tOfxImageEffectActionBeginSequenceRender\tstart
forward\tOfxImageEffectActionEndSequenceRender\trunning
forward\tOfxActionPurgeCaches\trunning
forward\tOfxActionInstanceChanged\tstart\tpreset
roi\twhole\tSource
roi\twindow\tMask
rod\tSource
answer\tOfxImageEffectActionGetClipPreferences
prop\ti\tOfxImageEffectFrameVarying\t0\t0
effect
prop\ts\tOfxPropLabel\t0\tTiny
prop\ts\tOfxPropPluginDescription\t0\tOne line.\\nAnother\\twith a tab, and \\\\.
prop\ts\tOfxImageEffectPropSupportedContexts\t0\tOfxImageEffectContextFilter
prop\ts\tOfxImageEffectPropSupportedContexts\t1\tOfxImageEffectContextGeneral
prop\ts\tOfxImageEffectPropSupportedPixelDepths\t0\tOfxBitDepthFloat
prop\ts\tOfxImageEffectPropSupportedPixelDepths\t1\tOfxBitDepthByte
if-host\tOfxImageEffectPropSupportedPixelDepths\tOfxBitDepthHalf
prop\ts\tOfxImageEffectPropSupportedPixelDepths\t2\tOfxBitDepthHalf
prop\ti\tOfxImageEffectPropTemporalClipAccess\t0\t1
clip\tSource
prop\ti\tOfxImageEffectPropTemporalClipAccess\t0\t1
clip\tMask\tOfxImageEffectContextGeneral
prop\ti\tOfxImageClipPropOptional\t0\t1
clip\tOutput
param\tOfxParamTypeDouble\tstrength
prop\td\tOfxParamPropDefault\t0\t0.25
param\tOfxParamTypeInteger\tradius
prop\ti\tOfxParamPropDefault\t0\t2
param\tOfxParamTypeChoice\tpreset
param\tOfxParamTypeBoolean\tuse_mask
param\tOfxParamTypeRGBA\ttint
prop\td\tOfxParamPropDefault\t0\t0.5
prop\td\tOfxParamPropDefault\t1\t0.25
prop\td\tOfxParamPropDefault\t2\t0.125
prop\td\tOfxParamPropDefault\t3\t1
param\tOfxParamTypeInteger2D\tcorner
param\tOfxParamTypeDouble3D\tplace
param\tOfxParamTypePushButton\tbutton
param\tOfxParamTypeInteger\tmask_grow\tOfxImageEffectContextGeneral
param\tOfxParamTypeString\tmode
prop\ts\tOfxParamPropDefault\t0\tcopy
"""


def make_bundle(
    folder: Path, shim: Path, manifest: str | bytes | None = None, *, python: str = sys.executable
) -> Path:
    """A bundle in a folder; the manifest is the tiny node's when none is given."""
    bundle = folder / "tiny.ofx.bundle"
    binary = bundle / "Contents" / host_arch() / "tiny.ofx"
    binary.parent.mkdir(parents=True)
    shutil.copy(shim, binary)
    resources = bundle / "Contents" / "Resources"
    resources.mkdir()
    if manifest is None:
        manifest = tiny_manifest(folder, python=python)
    if isinstance(manifest, str):
        manifest = manifest.encode()
    (resources / "tiny.manifest").write_bytes(manifest)
    return bundle


def tiny_manifest(folder: Path, *, python: str = sys.executable) -> str:
    """The tiny node's manifest; its log lies in the folder."""
    return HEAD.format(python=python, worker=TINY_WORKER, log=folder / "ofx.log") + BODY
