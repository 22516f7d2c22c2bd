"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real vendor files and the published NBO schema, beside the project on machines that have it."""
    folder = ROOT.parent / "shared"
    if not (folder / "nbo").is_dir():
        pytest.skip(f"no reference folder with real vendor files at {folder}")
    return folder


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """Folder of the sample files that the project makes itself."""
    return ROOT / "sample_data"
