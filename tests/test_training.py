"""Training: a run that is killed and goes on ends in the bits of one left alone; two learn as one."""

import itertools
import os
import signal
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from accelerate import debug_launcher
from accelerate.state import AcceleratorState

from lowlight_ddpm import training
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.photometry import prepare
from lowlight_ddpm.training import Recipe, Training
from lowlight_ddpm.variants import VARIANTS

DIM = VARIANTS["dim"]
RECIPE = Recipe(channels=(8, 16), epochs=2, batch_size=4, warmup_steps=2)
LONGER = replace(RECIPE, epochs=4)


def pictures(count=12, side=16):
    pixels = torch.randint(256, (count, 3, side, side), generator=torch.Generator().manual_seed(0))
    return pixels.to(torch.uint8)


def job(variant=DIM, recipe=RECIPE, pixels=None):
    return Training(variant, pictures() if pixels is None else pixels, recipe)


def weights(run):
    """Every tensor that a training run ends in: raw and averaged weights."""
    return [*run.raw_unet.state_dict().values(), *run.copy_unet(averaged=True).state_dict().values()]


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def saved(path, steps=4):
    """The state of a run that stopped after `steps` steps."""
    run = job()
    list(itertools.islice(run, steps))
    run.save(path)
    return path


def train(state, recipe=LONGER):
    """What the command line does, saving after every step; prints each step's number."""
    run = job(recipe=recipe)
    for step in training.run(run, Path(state), save_every=0):
        print(step.step, flush=True)
    return run


def shown(run):
    """What the network of a run predicts for fixed input: raw, then averaged weights."""
    x, timesteps = torch.linspace(-1, 1, 1536).reshape(2, 3, 16, 16), torch.tensor([20, 700])
    with torch.inference_mode():
        return torch.stack([run.copy_unet(averaged)(x, timesteps).sample for averaged in (False, True)])


def train_in_a_process_of_two(folder):
    AcceleratorState._reset_state(reset_partial_state=True)  # the test's own process has made one
    run = job()
    assert run.accelerator.num_processes == 2
    shares = []
    run.raw_unet.register_forward_pre_hook(lambda _, inputs: shares.append(len(inputs[0])))
    losses = [step.loss for step in run]
    assert set(shares) == {RECIPE.batch_size // 2}
    result = {"losses": losses, "weights": weights(run), "shown": shown(run)}
    torch.save(result, folder / f"{run.accelerator.process_index}.pt")


@pytest.fixture(scope="module")
def undisturbed():
    """A run of RECIPE left alone, and its steps."""
    run = job()
    return run, list(run)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The state of a run of RECIPE after its first step; not to be written to."""
    return saved(tmp_path_factory.mktemp("begun") / "state.pt", steps=1)


def test_a_killed_run_goes_on_to_the_same_bits(tmp_path):
    state = tmp_path / "runs" / "state.pt"
    environment = os.environ | {"PYTHONPATH": str(Path(training.__file__).parent.parent)}
    command = [sys.executable, __file__, str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        for line in process.stdout:
            if int(line) == 5:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL
    place = torch.load(state, weights_only=True)["place"]
    assert 5 <= place["step"] < 12

    resumed, whole = train(state), job(recipe=LONGER)
    losses = [step.loss for step in whole]
    assert resumed.place.losses == losses
    assert equal(weights(resumed), weights(whole))
    assert list(state.parent.iterdir()) == [state]


@pytest.mark.parametrize("name", ["dim", "dim-deep-zsnr", "dim-deep-centred", "dim-deep-offset"])
def test_the_loss_of_a_silent_network_is_the_square_of_what_its_row_asks_for(name):
    """Epsilon or v, of pictures in the network's frame, with or without offset noise: eq. 14 by hand."""
    row, fed = VARIANTS[name], []
    run = job(replace(row, layers_per_block=1), LONGER)
    for weight in run.raw_unet.conv_out.parameters():
        weight.data.zero_()
    run.raw_unet.register_forward_pre_hook(lambda _, inputs: fed.append(inputs[0].clone()))
    first = next(iter(run))

    draws = torch.Generator().manual_seed(row.seed)
    batch = pictures()[torch.randperm(12, generator=draws)[:4]]
    flip = torch.rand(4, 1, 1, 1, generator=draws) < 0.5
    noise = torch.randn(batch.shape, generator=draws)
    level = run.scheduler.alphas_cumprod[torch.randint(1000, (4,), generator=draws)].view(4, 1, 1, 1)
    if name == "dim-deep-offset":
        noise = noise + 0.1 * torch.randn(4, 3, 1, 1, generator=draws)
    x0 = prepare(torch.where(flip, batch.flip(-1), batch), row.brightness)
    if name == "dim-deep-centred":
        x0 = x0 - prepare(pictures(), row.brightness).mean((0, 2, 3))[:, None, None]
    signal, spread = level.sqrt(), (1 - level).sqrt()
    target = signal * noise - spread * x0 if name == "dim-deep-zsnr" else noise
    torch.testing.assert_close(fed[0], signal * x0 + spread * noise, atol=1e-5, rtol=0)
    assert first.loss == pytest.approx(target.square().mean().item(), rel=1e-5)


@pytest.mark.parametrize("steps", [1, 3, 5, 6])
def test_a_run_stopped_anywhere_goes_on_to_the_same_bits(tmp_path, undisturbed, steps):
    whole, all_steps = undisturbed
    resumed = job()
    resumed.resume(saved(tmp_path / "state.pt", steps))
    assert list(resumed) == all_steps[steps:]
    assert equal(weights(resumed), weights(whole))


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_each_picture_is_seen_once_an_epoch_though_the_run_was_stopped(tmp_path, monkeypatch, steps):
    seen = []
    monkeypatch.setattr(Training, "_learn", lambda _, batch: seen.extend(batch[:, 0, 0, 0].tolist()) or 0.0)
    colours = torch.arange(12, dtype=torch.uint8).reshape(12, 1, 1, 1).expand(12, 3, 8, 8)
    first, second = (job(pixels=colours) for _ in range(2))
    list(itertools.islice(first, steps))
    first.save(tmp_path / "state.pt")
    second.resume(tmp_path / "state.pt")
    list(second)
    assert sorted(seen[:12]) == sorted(seen[12:]) == list(range(12))
    assert seen[:12] != seen[12:]


def test_steps_are_numbered_and_epochs_end_where_they_should(undisturbed):
    _, steps = undisturbed
    assert [step.step for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [step.epoch for step in steps] == [1, 1, 1, 2, 2, 2]
    assert [step.ends_epoch for step in steps] == [False, False, True] * 2


def test_two_processes_learn_what_one_does(tmp_path, undisturbed):
    whole, steps = undisturbed
    debug_launcher(train_in_a_process_of_two, (tmp_path,), num_processes=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    assert equal(first["weights"], second["weights"])
    assert first["losses"] == second["losses"] == pytest.approx([step.loss for step in steps], abs=1e-5)
    # AdamW makes a whole step of a gradient that is 0 but for rounding, as biases before a norm have: such
    # weights may differ, what the network predicts may not.
    torch.testing.assert_close(first["shown"], shown(whole), atol=1e-4, rtol=0)
    apart = torch.cat(
        [(a - b).flatten().abs() for a, b in zip(first["weights"], weights(whole), strict=True)]
    )
    assert apart.quantile(0.99) < 1e-4


def test_the_loss_falls_on_an_easy_set():
    recipe = replace(RECIPE, epochs=50, batch_size=8, warmup_steps=5, learning_rate=1e-2)
    white = torch.full((8, 3, 8, 8), 255, dtype=torch.uint8)
    losses = [step.loss for step in job(recipe=recipe, pixels=white)]
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])


def test_another_seed_gives_other_weights(undisturbed):
    other = job(replace(DIM, seed=1))
    list(other)
    assert not equal(weights(other), weights(undisturbed[0]))


def test_what_only_sampling_depends_on_does_not_change_the_training():
    same = replace(DIM, name="other", title="Other", variance_type="fixed_large", averaged=False)
    assert job(same).settings == job().settings


def test_averaged_weights_are_the_mean_that_the_recipe_says():
    """Kept by hand over three steps: w ← d·w + (1 − d)·raw, d = 1 − (1 + step)^(−3/4)."""
    run = job()
    average = None
    for number, _ in enumerate(itertools.islice(run, 3)):
        raw = [weight.clone() for weight in run.raw_unet.parameters()]
        decay = min(1 - (1 + number) ** -0.75, RECIPE.ema_decay)
        average = [a.lerp(w, 1 - decay) for a, w in zip(average or raw, raw, strict=True)]
    for ours, expected in zip(run.copy_unet(averaged=True).parameters(), average, strict=True):
        torch.testing.assert_close(ours, expected, atol=1e-6, rtol=1e-5)
    assert not equal(run.copy_unet(averaged=False).parameters(), average)


def test_the_state_is_written_every_so_many_seconds_and_at_the_end(tmp_path, monkeypatch):
    clock, written = [0.0], []
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    run = job(recipe=replace(RECIPE, epochs=3))
    monkeypatch.setattr(run, "_learn", lambda batch: 0.0)
    monkeypatch.setattr(run, "save", lambda path: written.append(run.place.step))
    for _ in training.run(run, tmp_path / "state.pt", save_every=120):
        clock[0] += 50
    assert written == [4, 7, 9]


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    state = saved(tmp_path / "state.pt", steps=6)
    assert list(training.run(job(), state)) == []


def test_the_state_is_plain_data_and_leaves_no_temporary_file(tmp_path):
    state = torch.load(saved(tmp_path / "new" / "state.pt"), weights_only=True)
    assert state["place"]["step"] == 4
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["state.pt"]


def flipped(whole: bytes) -> bytes:
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]


def another_file(whole: bytes) -> bytes:
    file = BytesIO()
    torch.save({"unet": {}}, file)
    return file.getvalue()


DAMAGED = {
    "truncated": lambda whole: whole[: len(whole) // 2],
    "empty": lambda whole: b"",
    "text": lambda whole: b"no state",
    "one bit": flipped,
    "another file": another_file,
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_state_is_refused(tmp_path, begun, damage, one_sentence):
    state, whole = tmp_path / "state.pt", begun.read_bytes()
    state.write_bytes(DAMAGED[damage](whole))
    with pytest.raises(Refusal, match="damaged") as refusal:
        job().resume(state)
    one_sentence(refusal)


@pytest.mark.parametrize(
    "other",
    [
        lambda: job(replace(DIM, brightness=1.0)),
        lambda: job(replace(DIM, beta_end=0.015)),
        lambda: job(replace(DIM, seed=1)),
        lambda: job(recipe=replace(RECIPE, epochs=3)),
        lambda: job(pixels=255 - pictures()),
    ],
    ids=["brightness", "betas", "seed", "recipe", "pictures"],
)
def test_a_state_of_other_settings_is_refused(begun, other, one_sentence):
    with pytest.raises(Refusal, match="other settings") as refusal:
        other().resume(begun)
    one_sentence(refusal)


def test_a_run_goes_on_in_the_precision_it_began_in(tmp_path, begun):
    assert training.precision_of(tmp_path / "state.pt") is None
    assert training.precision_of(begun) == "no"
    assert training.fastest_precision(DIM, RECIPE, 8) in {"no", "bf16"}


def test_training_on_nothing_is_refused(one_sentence):
    with pytest.raises(Refusal, match="no picture to train on") as refusal:
        job(pixels=pictures()[:0])
    one_sentence(refusal)


if __name__ == "__main__":
    torch.set_num_threads(1)
    train(sys.argv[1])
