"""What pip is told, read as pip reads it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
REQUIREMENTS = [Requirement(text) for text in PROJECT["project"]["dependencies"]]


def test_every_requirement_is_one() -> None:
    for extra in PROJECT["project"]["optional-dependencies"].values():
        assert [Requirement(text).name for text in extra]
    assert "numpy" in [r.name for r in REQUIREMENTS]


@pytest.mark.parametrize(
    ("system", "machine", "wanted"),
    [
        ("linux", "x86_64", "onnxruntime-gpu"),
        ("win32", "AMD64", "onnxruntime-gpu"),
        ("linux", "aarch64", "onnxruntime"),
        ("win32", "ARM64", "onnxruntime"),
        ("darwin", "x86_64", "onnxruntime"),
        ("darwin", "arm64", "onnxruntime"),
    ],
)
def test_every_machine_gets_one_runtime(system: str, machine: str, wanted: str) -> None:
    here = {"sys_platform": system, "platform_machine": machine}
    runtimes = [r for r in REQUIREMENTS if r.name.startswith("onnxruntime")]
    assert [r.name for r in runtimes if r.marker is None or r.marker.evaluate(here)] == [wanted]


def test_data_files_that_are_named_exist() -> None:
    folders = {"filmrestore_core": ROOT, "filmrestore_export": ROOT / "exporters"}
    for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items():
        if package in folders:
            for pattern in patterns:
                assert list((folders[package] / package).glob(pattern)), pattern
