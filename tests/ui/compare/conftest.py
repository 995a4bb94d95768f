"""What both tests of the tab Compare begin with: a session, an empty memory, and a count of runs."""

import pytest

from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.ui.compare import trials
from lowlight_ddpm.ui.session import Session
from lowlight_ddpm.ui.worker import source


@pytest.fixture
def session():
    session = Session(drawn_gallery())
    session.brightened = False
    return session


@pytest.fixture(autouse=True)
def nothing_measured_yet(monkeypatch):
    monkeypatch.setattr(trials, "MEMORY", trials.Memory())


@pytest.fixture
def walks(monkeypatch):
    """The settings of every run that the network is called for."""
    called, steps = [], source.steps

    def counted(requests, *refused):
        called.extend(request.settings for request in requests)
        return steps(requests, *refused)

    monkeypatch.setattr(source, "steps", counted)
    return called
