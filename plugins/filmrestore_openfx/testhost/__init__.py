"""A strict OpenFX host of our own: for the tests, and for ``filmrestore openfx doctor``.

It loads a bundle as a real host does, checks every call the plug-in makes, and gives images and
parameter values as it is told. It knows nothing of film restoration.
"""

from filmrestore_openfx.testhost.host import HostOptions, ReferenceHost
from filmrestore_openfx.testhost.host_image import HostImage
from filmrestore_openfx.testhost.node import ABORTED, FAILED, OK, REPLY_DEFAULT, Node

__all__ = [
    "ABORTED",
    "FAILED",
    "OK",
    "REPLY_DEFAULT",
    "HostImage",
    "HostOptions",
    "Node",
    "ReferenceHost",
]
