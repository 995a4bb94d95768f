"""What the tests of commands share."""

import pytest

from lowlight_ddpm.models import checkpoints


@pytest.fixture
def tiny_checkpoints(monkeypatch, checkpoint_root):
    """Commands load tiny networks."""
    load = checkpoints.load
    monkeypatch.setattr(checkpoints, "load", lambda name: load(name, checkpoint_root))
