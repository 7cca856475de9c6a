"""Tests that live through whole nights are run when asked for: they take a minute each."""

import os

import pytest

WHOLE_NIGHTS = pytest.mark.skipif(
    os.environ.get("FOCUSBENCH_NIGHTS") != "1", reason="whole nights: set FOCUSBENCH_NIGHTS=1"
)
