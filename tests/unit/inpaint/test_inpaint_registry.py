"""Which net betters fills: asked for by name it must be there; else its lack is said."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from filmrestore_core.errors import MissingExtraError, ModelNotFoundError, SettingsError
from filmrestore_core.inpaint.registry import choose_inpainter
from filmrestore_core.models.store import ModelStore
from filmrestore_core.runtime.device import Device
from filmrestore_core.settings import (
    ClassRepair,
    DiffusionSettings,
    RepairMethod,
    RepairSettings,
)


def test_a_missing_net_is_said_or_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    empty = ModelStore(builtin=tmp_path)
    with caplog.at_level(logging.WARNING):
        assert choose_inpainter(RepairSettings(), models=empty, device=Device.CPU) is None
    assert "fill-unet" in caplog.text
    for settings in (RepairSettings(method=RepairMethod.NET), RepairSettings(model="other-net")):
        with pytest.raises(ModelNotFoundError):
            choose_inpainter(settings, models=empty, device=Device.CPU)


def test_the_shipped_net_is_chosen_unless_a_method_without_nets_is_asked_for() -> None:
    chosen = choose_inpainter(RepairSettings(), models=ModelStore(), device=Device.CPU)
    assert chosen is not None
    assert chosen.identity["model"].startswith("fill-unet")
    classical = RepairSettings(method=RepairMethod.CLASSICAL)
    assert choose_inpainter(classical, models=ModelStore(), device=Device.CPU) is None


@pytest.mark.parametrize(
    "settings",
    [
        RepairSettings(large_from=400),
        RepairSettings(unseen_from=0.5),
        RepairSettings(method=RepairMethod.NET, scratch=ClassRepair.DIFFUSION),
        RepairSettings(method=RepairMethod.DIFFUSION),
    ],
)
def test_a_pipeline_that_is_named_draws_whatever_is_left_to_diffusion(
    settings: RepairSettings, tmp_path: Path
) -> None:
    named = DiffusionSettings(model=str(tmp_path / "nowhere"))
    # Without the extra that is what is said.
    with pytest.raises((SettingsError, MissingExtraError)):
        choose_inpainter(settings, models=ModelStore(), device=Device.CPU, diffusion=named)
    chosen = choose_inpainter(
        RepairSettings(), models=ModelStore(), device=Device.CPU, diffusion=named
    )
    assert chosen is not None
    assert not any(name.startswith("diffusion") for name in chosen.identity)
