"""Odd arguments from Python: each call gives an answer, or one sentence that says what to do instead."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, EulerDiscreteScheduler, PNDMScheduler

from lowlight_ddpm import (
    compare,
    denoise,
    explain,
    generate,
    load,
    measure,
    schedule,
    sweep,
    with_mean_correction,
)
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.models import checkpoints

NAN, NOISE = float("nan"), {"steps": 2}
IMAGE = draw(3, 16)


@pytest.fixture(autouse=True)
def _tiny_checkpoints(monkeypatch, checkpoint_root):
    kept, names = checkpoints.load, ["dim", "bright"]
    monkeypatch.setattr(checkpoints, "load", lambda name: kept(name, checkpoint_root))
    monkeypatch.setattr(checkpoints, "available", lambda: names)


def euler():
    return EulerDiscreteScheduler()


# What is called, and a part of the sentence.
REFUSED = {
    "no networks": (lambda: compare(IMAGE, []), "no network to compare"),
    # networks
    "a number for a network": (lambda: load(3), "named by a text or a path"),
    "None for a network": (lambda: denoise(IMAGE, None), "named by a text or a path"),
    "a list for a network": (lambda: load(["dim"]), "named by a text or a path"),
    "an object of diffusers": (lambda: load(DDIMScheduler()), "save_pretrained, and give the folder"),
    "a path for a pipeline": (lambda: with_mean_correction("net", images="drawn:3"), "from_pretrained"),
    "a row of one's own": (lambda: load("mine"), "LOWLIGHT_VARIANTS name the file"),
    "no name": (lambda: load(""), "diffusers pipeline"),
    "a zero byte": (lambda: load("di\0m"), "no variant"),
    "a name too long": (lambda: load("a/" * 5000), "no folder"),
    "a near name": (lambda: load("dimm"), "no variant"),
    "brightness NaN of a network": (lambda: load("dim", brightness=NAN), "at most 1"),
    "brightness as a text of a network": (lambda: load("dim", brightness="0.5"), "at most 1"),
    "a mean of two": (lambda: load("dim", mean=(1, 2), covariance=np.eye(3)), "three numbers"),
    "a mean of texts": (lambda: load("dim", mean="abc", covariance=np.eye(3)), "three numbers"),
    "a mean of NaN": (lambda: load("dim", mean=[NAN] * 3, covariance=np.eye(3)), "three numbers"),
    "a mean beyond white": (lambda: load("dim", mean=[300] * 3, covariance=np.eye(3)), "0 to 255"),
    "a covariance below 0": (lambda: load("dim", mean=[9] * 3, covariance=-np.eye(3)), "eigenvalue"),
    "a ragged covariance": (lambda: load("dim", mean=[9] * 3, covariance=[[1], [1, 2]]), "3 × 3"),
    # images
    "no image": (lambda: denoise(None), "no image"),
    "a number for an image": (lambda: denoise(3), "no image"),
    "True for an image": (lambda: denoise(True), "no image"),
    "a table for an image": (lambda: denoise({}), "no image"),
    "a file that is not there": (lambda: denoise(Path("nowhere.png")), "check the path"),
    "an address": (lambda: denoise("https://example.com/photo.png"), "download the picture"),
    "an empty name": (lambda: denoise(""), ""),
    "no bytes": (lambda: denoise(b""), ""),
    "an array of objects": (lambda: denoise(np.array([[None]])), "give uint8"),
    "an array without pixels": (lambda: denoise(np.zeros((0, 0, 3), np.uint8)), ""),
    "an array of NaN": (lambda: denoise(np.full((16, 16, 3), NAN)), "floats from 0 to 1"),
    "a tensor in model range": (lambda: denoise(torch.full((3, 16, 16), -1.0)), "floats from 0 to 1"),
    "a list in a list": (lambda: denoise([[IMAGE]]), "Picture 1"),
    # settings
    "mode given": (lambda: denoise(IMAGE, mode="restore"), "leave mode out"),
    "mode twice": (lambda: generate(1, mode="generate"), "leave mode out"),
    "a keyword mistyped and no image": (lambda: denoise(stepz=50), "write steps"),
    "nothing at all": (lambda: denoise(), "needs picture"),
    "a setting by position": (lambda: denoise(IMAGE, "dim", 50), "like steps=50"),
    "clip as diffusers calls it": (lambda: denoise(IMAGE, clip_sample=False), "write clip"),
    "eta": (lambda: denoise(IMAGE, eta=0.5), 'sampler="ddim"'),
    "a device": (lambda: generate(1, device="cuda"), "the GPU where there is one"),
    "a batch size": (lambda: generate(batch_size=4), "generate(count)"),
    "an index for an image": (lambda: generate(1, **NOISE).image(5), "images() has results by number"),
    "a file to save a run to": (lambda: generate(1, **NOISE).save("result.png"), "name a folder"),
    "a keyword mistyped": (lambda: denoise(IMAGE, stepz=50), "write steps"),
    "a name of diffusers mistyped": (lambda: denoise(IMAGE, num_inference_step=5), "num_inference_steps"),
    "a keyword of nothing": (lambda: denoise(IMAGE, xyz=50), "choose among brightness"),
    "a setting of the other mode": (lambda: generate(1, anchor=True), "denoise alone"),
    "leak_start for an image": (lambda: denoise(IMAGE, leak_start=True), "generate alone"),
    "start for noise": (lambda: generate(1, start=999), "denoise alone"),
    "steps as a text": (lambda: denoise(IMAGE, steps="50"), "a whole number"),
    "steps as a float": (lambda: denoise(IMAGE, steps=50.0), "a whole number"),
    "True steps": (lambda: denoise(IMAGE, steps=True), "a whole number"),
    "steps as an array": (lambda: denoise(IMAGE, steps=np.ones((9, 9))), "a whole number"),
    "more steps than timesteps": (lambda: denoise(IMAGE, steps=10**12), "at most 1000"),
    "a number of thousands of digits": (lambda: denoise(IMAGE, steps=10**5000), "at most 1000"),
    "a negative seed": (lambda: denoise(IMAGE, seed=-1), "at least 0"),
    "a huge seed": (lambda: denoise(IMAGE, seed=2**32), "below 4294967296"),
    "True for a seed": (lambda: generate(1, seed=True), "a whole number"),
    "brightness NaN": (lambda: denoise(IMAGE, brightness=NAN), "at most 1"),
    "brightness as a text": (lambda: denoise(IMAGE, brightness="half"), "at most 1"),
    "infinite betas": (lambda: denoise(IMAGE, beta_end=math.inf), "below 1"),
    "clip as a number": (lambda: denoise(IMAGE, clip=1), "true or false"),
    "clip as a text": (lambda: denoise(IMAGE, clip="yes"), "true or false"),
    "a sampler in capitals": (lambda: denoise(IMAGE, sampler="DDIM"), "one of ddpm"),
    "a class for a sampler": (lambda: denoise(IMAGE, sampler=DDIMScheduler), "one of ddpm"),
    # counts
    "no count": (lambda: generate(0), "from 1 to 1024"),
    "a negative count": (lambda: generate(-3), "from 1 to 1024"),
    "a huge count": (lambda: generate(10**9), "from 1 to 1024"),
    "a count as a float": (lambda: generate(2.0), "from 1 to 1024"),
    "a count as a text": (lambda: generate("2"), "from 1 to 1024"),
    "True for a count": (lambda: generate(True), "from 1 to 1024"),
    "None for a count": (lambda: generate(None), "from 1 to 1024"),
    "an image for a count": (lambda: generate(IMAGE), "or restore one"),
    "an array for a count": (lambda: generate(np.zeros((9, 9))), "or restore one"),
    "an image by a keyword": (lambda: generate(1, image=IMAGE), "no setting 'image'"),
    # what diffusers calls them
    "steps by two names": (lambda: denoise(IMAGE, steps=5, num_inference_steps=6), "leave one of them out"),
    "a generator and a seed": (lambda: generate(generator=torch.Generator(), seed=1), "one of them out"),
    "a number for a generator": (lambda: generate(generator=3), "one torch.Generator"),
    "numpy's generator": (lambda: generate(generator=np.random.default_rng(1)), "one torch.Generator"),
    "several generators": (lambda: generate(2, generator=[torch.Generator()] * 2), "one torch.Generator"),
    "a text for a scheduler": (lambda: denoise(IMAGE, scheduler="ddim"), "give an object"),
    "a class for a scheduler": (lambda: denoise(IMAGE, scheduler=DDIMScheduler), "give an object"),
    "an object for a scheduler": (lambda: denoise(IMAGE, scheduler=object()), "give an object"),
    "a scheduler without a row": (lambda: denoise(IMAGE, scheduler=euler()), "an EulerDiscreteScheduler"),
    "a scheduler and a sampler": (
        lambda: denoise(IMAGE, scheduler=DDIMScheduler(), sampler="ddpm"),
        "leave one of them out",
    ),
    "a learned variance": (
        lambda: denoise(IMAGE, scheduler=DDPMScheduler(variance_type="learned")),
        "one of fixed_small",
    ),
    "betas of no schedule": (lambda: denoise(IMAGE, trained_betas=[0.5] * 1000), "trained_betas"),
    "betas that are texts": (lambda: denoise(IMAGE, trained_betas="linear"), "trained_betas"),
    "no betas": (lambda: denoise(IMAGE, trained_betas=[]), "trained_betas"),
    # measure
    "brightness 0 of a measure": (lambda: measure(IMAGE, IMAGE, 0), "above 0"),
    "brightness NaN of a measure": (lambda: measure(IMAGE, IMAGE, NAN), "above 0"),
    "brightness as a text of a measure": (lambda: measure(IMAGE, IMAGE, "1"), "above 0"),
    "True for a brightness": (lambda: measure(IMAGE, IMAGE, True), "above 0"),
    "a list and an image": (lambda: measure([IMAGE], IMAGE), "no image"),
    "lists of two lengths": (lambda: measure([IMAGE], []), "give as many"),
    "images of two sizes": (lambda: measure(IMAGE, draw(3, 20)), "16×16 and 20×20"),
    # several runs
    "one text for networks": (lambda: compare(IMAGE, "dim"), "give a list"),
    "a number for networks": (lambda: compare(IMAGE, 3), "give a list"),
    "a network twice": (lambda: compare(IMAGE, ["dim", "dim"]), "have one name"),
    "a list of images to compare": (lambda: compare([IMAGE], ["dim"]), "no image"),
    "an axis of nothing": (lambda: sweep(IMAGE, "stepz", [1], "start", [9]), "no axis"),
    "one axis twice": (lambda: sweep(IMAGE, "steps", [1], "steps", [9]), "choose another"),
    "an axis without values": (lambda: sweep(IMAGE, "steps", [], "start", [9]), "at least one value"),
    "a number for values": (lambda: sweep(IMAGE, "steps", 5, "start", [9]), "give a list"),
    "a text for values": (lambda: sweep(IMAGE, "sampler", "ddim", "start", [9]), "give a list"),
    "a huge grid": (lambda: sweep(IMAGE, "seed", range(9), "start", range(9)), "at most 25"),
    "a wrong setting of a grid": (
        lambda: sweep(IMAGE, "seed", [1], "start", [9], steps="1"),
        "a whole number",
    ),
    "an axis that is no text": (lambda: sweep(IMAGE, ["steps"], [1], "start", [9]), "no axis"),
    "an axis by a number": (lambda: sweep(IMAGE, 3, [1], "start", [9]), "no axis"),
    "a network of its own explained": (lambda: explain(IMAGE, load("dim", brightness=0.4)), "the table"),
    "an anchor for noise explained": (lambda: explain(anchor=True), "denoise alone"),
    # schedules
    "a schedule of nothing": (lambda: schedule("dark"), "no variant"),
    "a schedule of a number": (lambda: schedule(3), "named by a text or a path"),
    "a comparison of none": (lambda: compare(IMAGE, []), "no network to compare"),
    "betas that fall": (lambda: schedule("dim", beta_end=1e-5), "below beta_end"),
    "a schedule by a text": (lambda: schedule("dim", zero_terminal_snr="no"), "true or false"),
}

ANSWERED = {
    "no images": lambda: denoise([]) == [],
    "no images measured": lambda: measure([], []) == [],
    "None for every setting": lambda: denoise(IMAGE, steps=None, scheduler=None).settings.steps == 50,
    "numbers of numpy": lambda: (
        denoise(IMAGE, steps=np.int64(5), brightness=np.float64(0.4)).settings.steps == 5
    ),
    "a number of torch": lambda: denoise(IMAGE, steps=torch.tensor(5)).settings.steps == 5,
    "a whole number for a brightness": lambda: denoise(IMAGE, brightness=1).settings.brightness == 1,
    "a count of numpy": lambda: generate(np.int32(2), **NOISE).count == 2,
    "steps by two names, the same": lambda: (
        denoise(IMAGE, steps=5, num_inference_steps=5).settings.steps == 5
    ),
    "one pixel high": lambda: denoise(draw(3, 64).resize((640, 16)), start=9, steps=1).x0.shape[-1] == 16,
    "True for a correction": lambda: denoise(IMAGE, mean_correction=True).settings.mean_correction == "wide",
    "a sampler without betas of its own": lambda: (
        denoise(IMAGE, scheduler=PNDMScheduler()).settings.sampler == "pndm"
    ),
    "values that cannot be together": lambda: isinstance(
        sweep(IMAGE, "steps", [True], "start", [9])[0][0], Refusal
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_in_one_sentence(name, one_sentence):
    call, said = REFUSED[name]
    with pytest.raises(Refusal) as refusal:
        call()
    assert said in one_sentence(refusal)


@pytest.mark.parametrize("name", ANSWERED)
def test_what_is_odd_and_has_a_meaning_is_answered(name):
    assert ANSWERED[name]()
