"""Section: what all parts of a recipe have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen; keys that are not known are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
