"""A root of tiny 64 px checkpoints, one of them damaged, that the page's code takes for its own."""

import shutil
from base64 import b64decode
from functools import partial
from io import BytesIO

import gradio_client
import numpy as np
import pytest
from PIL import Image

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import draw
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui import interface, server
from lowlight_ddpm.ui.session import Picked, Watched


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory, untrained_page_root):
    """`dim` works and `bright` is damaged; a test that changes it changes it back."""
    root = shutil.copytree(untrained_page_root, tmp_path_factory.mktemp("ui") / "checkpoints")
    (root / "bright" / checkpoints.WEIGHTS).write_bytes(b"damaged")
    return root


@pytest.fixture(scope="module", autouse=True)
def _patched_root(tiny_root):
    """Have whatever the page loads come from `tiny_root`, in the tests of this folder alone."""
    record = checkpoints.record
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "load", partial(checkpoints.load, root=tiny_root))
        patch.setattr(checkpoints, "available", partial(checkpoints.available, root=tiny_root))
        patch.setattr(checkpoints, "record", lambda name, root=tiny_root: record(name, root))
        yield


@pytest.fixture(scope="module")
def page():
    """The page, served; a module that needs another has its own."""
    page = interface.build()
    server.launch(page, prevent_thread_lock=True, quiet=True)
    yield page
    page.close(verbose=False)


@pytest.fixture(scope="module")
def client(page):
    """A program that asks the `page` of its module."""
    client = gradio_client.Client(page.local_url, verbose=False)
    yield client
    client.close()


@pytest.fixture
def make_run():
    """A run of `steps` steps of the tiny network, not walked yet."""

    def make(steps=4, **values) -> Watched:
        return Watched(run_settings(steps=steps, **values), Picked("butterfly 0", draw(0, 64)))

    return make


@pytest.fixture
def finished(make_run):
    """A restoration in four steps."""
    watched = make_run()
    for _ in watched.walk():
        pass
    return watched


@pytest.fixture
def decoded():
    """A function from a PNG's data URI to its pixels."""

    def decode(uri):
        head, _, data = uri.partition(",")
        assert head == "data:image/png;base64"
        return np.asarray(Image.open(BytesIO(b64decode(data))))

    return decode
