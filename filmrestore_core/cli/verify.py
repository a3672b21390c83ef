"""`filmrestore verify`: proves that nothing outside the matte was changed."""

from __future__ import annotations
