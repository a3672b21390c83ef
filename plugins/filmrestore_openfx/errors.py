"""What goes wrong between the node and its host."""

from __future__ import annotations

from filmrestore_core import FilmrestoreError


class HostError(FilmrestoreError):
    """The host lacks or refuses something that the node needs."""


class BundleError(FilmrestoreError):
    """The bundle cannot be laid out, installed or removed as asked."""


class HostGone(Exception):
    """The host is not there any more, or makes no sense: end its connection quietly."""
