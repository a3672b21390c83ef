"""The reference host's C library, bound with ctypes. Its state is one: one host per process."""

from __future__ import annotations

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_int,
    c_int64,
    c_uint64,
    c_void_p,
)
from functools import cache
from pathlib import Path
from typing import Any, Final

TEXT_ROOM: Final = 4096


class ImageGiven(Structure):
    """What the C side asks about one image; see testhost.h."""

    _fields_ = [
        ("data", c_void_p),
        ("bounds", c_int * 4),
        ("row_bytes", c_int),
        ("depth", c_char_p),
        ("components", c_char_p),
        ("premult", c_char_p),
        ("uid", c_char_p),
        ("field", c_char_p),
        ("scale", c_double * 2),
        ("par", c_double),
        ("token", c_int64),
        ("leave_out", c_int),
    ]


IMAGE_GIVER = CFUNCTYPE(c_int, c_uint64, c_char_p, c_double, POINTER(ImageGiven))
IMAGE_TAKER = CFUNCTYPE(None, c_int64)
ABORT_ASKED = CFUNCTYPE(c_int, c_uint64)
PROGRESS_ASKED = CFUNCTYPE(c_int, c_char_p, c_double)


class Behavior(Structure):
    """How the host behaves; see testhost.h."""

    _fields_ = [
        ("give", IMAGE_GIVER),
        ("take_back", IMAGE_TAKER),
        ("aborts", ABORT_ASKED),
        ("progress", PROGRESS_ASKED),
        ("message_version", c_int),
        ("progress_version", c_int),
        ("missing", c_int),
        ("refused_types", c_char * 512),
        ("refused_props", c_char * 4096),
    ]


_HANDLE = c_uint64
_TEXT = c_char_p
_INTS = POINTER(c_int)
_REALS = POINTER(c_double)

_SIGNATURES: Final[dict[str, tuple[Any, list[Any]]]] = {
    "th_behavior": (POINTER(Behavior), []),
    "th_host_reset": (_HANDLE, []),
    "th_open": (c_int, [_TEXT, _TEXT, c_int]),
    "th_close": (None, []),
    "th_plugin_api": (_TEXT, []),
    "th_plugin_id": (_TEXT, []),
    "th_plugin_version": (c_int, [c_int]),
    "th_descriptor_new": (_HANDLE, []),
    "th_instance_new": (_HANDLE, [_HANDLE]),
    "th_effect_free": (None, [_HANDLE]),
    "th_effect_props": (_HANDLE, [_HANDLE]),
    "th_clip_at": (_HANDLE, [_HANDLE, c_int, _TEXT, c_int]),
    "th_param_at": (_HANDLE, [_HANDLE, c_int, _TEXT, c_int]),
    "th_param_set": (c_int, [_HANDLE, _TEXT, _INTS, _REALS, _TEXT]),
    "th_param_get": (c_int, [_HANDLE, _TEXT, _INTS, _REALS, _TEXT, c_int]),
    "th_param_refuse": (c_int, [_HANDLE, _TEXT, c_int]),
    "th_edits": (c_int, [_HANDLE]),
    "th_message": (c_int, [_HANDLE, _TEXT, c_int, _TEXT, c_int, _INTS, _INTS]),
    "th_action": (c_int, [_TEXT, _HANDLE, _HANDLE, _HANDLE]),
    "th_props_new": (_HANDLE, []),
    "th_props_free": (None, [_HANDLE]),
    "th_set_int": (c_int, [_HANDLE, _TEXT, c_int, c_int]),
    "th_set_double": (c_int, [_HANDLE, _TEXT, c_int, c_double]),
    "th_set_string": (c_int, [_HANDLE, _TEXT, c_int, _TEXT]),
    "th_get": (c_int, [_HANDLE, _TEXT, c_int, _INTS, _REALS, _TEXT, c_int]),
    "th_prop_at": (c_int, [_HANDLE, c_int, _TEXT, c_int]),
    "th_note_count": (c_int, []),
    "th_note": (_TEXT, [c_int]),
    "th_notes_clear": (None, []),
    "th_live_handles": (c_int, []),
}


@cache
def load_library(path: Path) -> ctypes.CDLL:
    """The library at a path, with every function's types set."""
    library = ctypes.CDLL(str(path))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
