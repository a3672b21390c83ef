"""Which device is chosen, from what a machine has."""

from __future__ import annotations

import pytest

from filmrestore_core.errors import DeviceError
from filmrestore_core.runtime.device import CPU_PROVIDER, PROVIDERS, Device, choose_device

EVERY = tuple(PROVIDERS.values())


def _choose(asked: Device, works: set[Device], offered: tuple[str, ...] = EVERY) -> Device:
    loads = {PROVIDERS[d] for d in works}
    return choose_device(asked, offered=offered, loads=lambda p: p in loads).device


def test_auto_takes_what_really_works() -> None:
    assert _choose(Device.AUTO, {Device.CUDA, Device.DIRECTML}) is Device.CUDA
    assert _choose(Device.AUTO, {Device.DIRECTML}) is Device.DIRECTML
    assert _choose(Device.AUTO, set()) is Device.CPU
    assert _choose(Device.AUTO, {Device.CUDA}, offered=(CPU_PROVIDER,)) is Device.CPU
    # These cost minutes, or precision: only by name.
    assert _choose(Device.AUTO, {Device.TENSORRT, Device.COREML}) is Device.CPU


@pytest.mark.parametrize("asked", [d for d in PROVIDERS if d is not Device.CPU])
def test_a_device_asked_for_by_name_is_given_or_refused(asked: Device) -> None:
    assert _choose(asked, {asked}) is asked
    with pytest.raises(DeviceError, match="cannot be loaded here"):
        _choose(asked, set())
    with pytest.raises(DeviceError, match="built without it"):
        _choose(asked, {asked}, offered=(CPU_PROVIDER,))


def test_the_processor_closes_every_chain() -> None:
    for asked in PROVIDERS:
        chosen = choose_device(asked, offered=EVERY, loads=lambda _: True)
        assert chosen.providers[0] == PROVIDERS[asked]
        assert chosen.providers[-1] == CPU_PROVIDER
        assert len(set(chosen.providers)) == len(chosen.providers)
        assert chosen.reason.endswith(".")
    tensorrt = choose_device(Device.TENSORRT, offered=EVERY, loads=lambda _: True)
    assert tensorrt.providers[1] == PROVIDERS[Device.CUDA]
