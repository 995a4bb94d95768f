"""Networks that are not whole, or not there: one sentence names each, and the rest of the page works."""

import json
import shutil

import gradio as gr
import gradio_client
import pytest
import torch
from safetensors.torch import load_file, save_file

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui import interface, server
from lowlight_ddpm.ui.compare import tab
from lowlight_ddpm.ui.components import controls
from lowlight_ddpm.ui.components.controls import values_of
from lowlight_ddpm.ui.play import visit
from lowlight_ddpm.ui.session import Session, Watched
from lowlight_ddpm.variants import VARIANTS

MISSING = "dim-raw"


def cut(folder):
    weights = folder / checkpoints.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:5000])


def reshape(folder):
    """Weights of another shape, of which the record knows: what was saved is what is there."""
    weights = folder / checkpoints.WEIGHTS
    tensors = load_file(weights)
    save_file(tensors | {"conv_in.weight": torch.zeros(16, 3, 3, 3)}, weights)
    record = json.loads((folder / checkpoints.RECORD).read_text())
    record["weights_sha256"] = checkpoints._sha256(weights)
    (folder / checkpoints.RECORD).write_text(json.dumps(record))


def empty(folder):
    shutil.rmtree(folder)
    folder.mkdir()


def half(folder):
    """As a download that was broken off leaves it: the small files have come, the weights have not."""
    (folder / checkpoints.WEIGHTS).unlink()


def pointer(folder):
    """As git leaves it without LFS."""
    (folder / checkpoints.WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\nsize 9\n")


def scrawl(folder):
    (folder / checkpoints.RECORD).write_text('{"channel_mean": [')


DAMAGES = {
    "bright": cut,
    "dim-deep": reshape,
    "dim-deep-high": half,
    "dim-long": empty,
    "dim-quarter": pointer,
    "dim-deep-zsnr": scrawl,
}


@pytest.fixture(scope="module")
def tiny_root(tmp_path_factory, untrained_page_root):
    """One whole network, `dim`, and others damaged in every way: this file's own, in place of the shared."""
    root, whole = tmp_path_factory.mktemp("damaged"), untrained_page_root / "dim"
    shutil.copytree(whole, root / "dim")
    for name, damage in DAMAGES.items():
        shutil.copytree(whole, root / name)
        damage(root / name)
    return root


@pytest.fixture(scope="module")
def page():
    page = interface.build()
    server.launch(page, prevent_thread_lock=True, quiet=True)
    yield page
    page.close(verbose=False)


@pytest.fixture
def session():
    session = Session(drawn_gallery())
    session.staged = Watched(run_settings(), session.picked)
    return session


@pytest.mark.parametrize("name", [*DAMAGES, MISSING])
def test_a_program_is_told_which_network_is_not_whole(client, name, one_sentence):
    with pytest.raises(gradio_client.exceptions.AppError) as refusal:
        client.predict(variant=name, steps=1, api_name="/generate")
    said = "has no checkpoint" if name == MISSING else "is damaged or incomplete"
    assert f" {name} {said}" in one_sentence(refusal)
    assert client.predict(variant="dim", steps=1, api_name="/generate")[1]["mean"]


@pytest.mark.parametrize("name", [*DAMAGES, MISSING])
def test_watch_says_it_before_anything_runs(session, name, one_sentence):
    with pytest.raises(gr.Error) as refusal:
        visit.begin(session, True, *values_of(run_settings(variant=name, steps=1)))
    assert f" {name} " in one_sentence(refusal.value.message)
    assert not session.running


def test_compare_says_it_in_their_places_and_runs_the_others(session):
    trials = tab.make(session, [*DAMAGES, "dim"], 100, 2, 0, tab.OWN)
    for _ in trials.walk():
        pass
    drawn = tab.draw(session, trials)
    assert len(trials.outcomes) == 1
    for name in DAMAGES:
        assert f"The checkpoint {name} is damaged or incomplete" in drawn


@pytest.mark.parametrize("name", ["dim", *DAMAGES, MISSING])
def test_the_schedule_needs_no_network(client, name):
    if name in ("dim-long", "dim-deep-zsnr", MISSING):  # without a record, nobody knows its colours
        with pytest.raises(gradio_client.exceptions.AppError, match=f" {name} "):
            client.predict(variant=name, api_name="/schedule")
    else:
        assert client.predict(variant=name, api_name="/schedule")["timesteps"]


def test_what_is_not_there_is_not_offered_and_named(page):
    choices = [dict(map(reversed, getattr(block, "choices", None) or [])) for block in page.blocks.values()]
    offered = [names for names in choices if "dim" in names]
    assert len(offered) >= 5
    assert not any(MISSING in names for names in offered)
    notes = [str(block.value) for block in page.blocks.values() if isinstance(block, gr.HTML)]
    notes = [note for note in notes if "no checkpoint here" in note]
    assert len(notes) == 2
    for note in notes:
        assert VARIANTS[MISSING].title in note
        assert VARIANTS["dim-long"].title not in note


def test_where_all_are_here_nothing_is_said(monkeypatch):
    monkeypatch.setattr(checkpoints, "available", lambda: list(VARIANTS))
    assert controls.not_offered() == ""


@pytest.mark.parametrize("damage", [*DAMAGES.values(), shutil.rmtree])
def test_the_page_opens_whatever_befalls_its_first_network(tiny_root, damage, tmp_path):
    kept = shutil.copytree(tiny_root / "dim", tmp_path / "dim")
    try:
        damage(tiny_root / "dim")
        assert interface.build().fns
    finally:
        shutil.rmtree(tiny_root / "dim", ignore_errors=True)
        shutil.copytree(kept, tiny_root / "dim")
