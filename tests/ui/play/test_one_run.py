"""The way from Run pressed to the first pixel is short: few generators, few files."""

import inspect
import sys
from pathlib import Path

import pytest

import lowlight_ddpm
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.components.controls import values_of
from lowlight_ddpm.ui.play import visit
from lowlight_ddpm.ui.session import Session, Watched
from lowlight_ddpm.ui.worker import source

PACKAGE = Path(lowlight_ddpm.__file__).parent


def ours(frame):
    """The package's file that a frame runs, None for any other."""
    path = Path(frame.f_code.co_filename)
    return path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else None


@pytest.fixture
def traced():
    """(stack, files, frame) of a run in the page, from the callback of Run to the first `frame` of `stream`.

    `stack` has (file, name, whether it is a generator) of the package's frames on the call stack at the first
    network call, the innermost first. `files` are those of the package in which any function is called, by
    the part of the way: "begin" before the place in the queue has come up, "to the network", and "to the
    page" from the network's answer on. A function whose result is cached already is not called.
    """
    session = Session(drawn_gallery())
    session.staged = Watched(run_settings(), session.picked)
    source.settle_threads()
    stack, files = [], {"begin": set(), "to the network": set(), "to the page": set()}
    part = "begin"

    def note(frame, event, _):
        if event in ("call", "return") and (file := ours(frame)):
            files[part].add(file)

    def look(*_):
        nonlocal part
        part = "to the page"
        frame = sys._getframe()
        while frame := frame.f_back:
            if file := ours(frame):
                code = frame.f_code
                stack.append((file, code.co_name, bool(code.co_flags & inspect.CO_GENERATOR)))

    hook = checkpoints.load("dim").unet.register_forward_pre_hook(look)
    sys.setprofile(note)
    try:
        visit.begin(session, True, *values_of(run_settings(steps=2)))
        part = "to the network"
        frame = next(visit.stream(session))
    finally:
        sys.setprofile(None)
        hook.remove()
    return stack, files, frame


def test_at_most_four_generators_lie_between_the_network_and_the_page(traced):
    """Of the package: the decorator of PyTorch that switches gradients off wraps one more around the last."""
    generators = [(file, name) for file, name, generates in traced[0] if generates]
    assert generators == [
        ("diffusion/sampling.py", "denoise_together"),
        ("ui/worker/source.py", "steps"),
        ("ui/worker/queue.py", "walk"),
        ("ui/play/visit.py", "stream"),
    ]


def test_six_files_lie_between_the_network_and_the_page(traced):
    stack = [file for file, _, _ in traced[0]]
    assert list(dict.fromkeys(stack)) == [
        "diffusion/backends.py",
        "diffusion/sampling.py",
        "ui/worker/source.py",
        "ui/session.py",
        "ui/worker/queue.py",
        "ui/play/visit.py",
    ]


def test_few_files_have_any_part_in_it(traced):
    """From the place in the queue to the network's first call; and from Run pressed to the first image."""
    _, files, frame = traced
    assert frame.count("<img") == 3
    assert len(files["to the network"]) <= 17
    assert len(set().union(*files.values())) <= 31
