"""Training: what is asked of a network, how it is averaged, and that two processes learn as one."""

import itertools
from dataclasses import replace

import pytest
import torch
from accelerate import debug_launcher
from accelerate.state import AcceleratorState

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images.photometry import prepare
from lowlight_ddpm.training import saved_state
from lowlight_ddpm.training.loop import Training
from lowlight_ddpm.variants import VARIANTS
from tests.helpers.tiny_training import DIM, LONGER, RECIPE, equal, job, pictures, weights

SHARED = ((4, 1), (6, 2))  # batches that two processes share, and in how many parts


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
    losses = []
    for step in run:
        losses.append(step.loss)
        if step.step == 3:
            saved_state.save(run, folder / "state.pt")
    assert set(shares) == {RECIPE.batch_size // 2}
    result = {"losses": losses, "weights": weights(run), "shown": shown(run)}
    torch.save(result, folder / f"{run.accelerator.process_index}.pt")


def look_in_a_process_of_two(folder):
    """Keep what the networks of two processes are shown, with each of SHARED."""
    AcceleratorState._reset_state(reset_partial_state=True)
    for batch_size, accumulate in SHARED:
        look(folder / f"{batch_size}-{accumulate}", batch_size, accumulate)


def look(folder, batch_size, accumulate):
    """Keep what a network is shown of twelve pictures, each of one colour, unnoised."""
    colours = torch.arange(12, dtype=torch.uint8).reshape(12, 1, 1, 1).expand(12, 3, 16, 16)
    recipe = replace(RECIPE, batch_size=batch_size)
    run = Training(replace(DIM, brightness=1.0), colours, recipe, accumulate=accumulate)
    run.scheduler.add_noise = lambda x0, noise, timesteps: x0
    seen = []
    run.raw_unet.register_forward_pre_hook(
        lambda _, inputs: seen.append(((inputs[0][:, 0, 0, 0] + 1) * 127.5).round().int().tolist())
    )
    list(run)
    folder.mkdir(exist_ok=True)
    torch.save(seen, folder / f"{run.accelerator.process_index}.pt")


@pytest.fixture(scope="module")
def undisturbed():
    """A run of RECIPE left alone, and its steps."""
    run = job()
    return run, list(run)


@pytest.fixture(scope="module")
def trained_by_two(tmp_path_factory):
    """Where two processes have left what a run of RECIPE ends in, and its state after three steps."""
    folder = tmp_path_factory.mktemp("two")
    debug_launcher(train_in_a_process_of_two, (folder,), num_processes=2)
    return folder


@pytest.fixture(scope="module")
def looked_at_by_two(tmp_path_factory):
    """Where two processes have left what they were shown, a folder for each of SHARED."""
    folder = tmp_path_factory.mktemp("shown")
    debug_launcher(look_in_a_process_of_two, (folder,), num_processes=2)
    return folder


@pytest.mark.parametrize(
    "name", ["dim", "dim-deep-zsnr", "dim-deep-x0", "dim-deep-centred", "dim-deep-offset"]
)
def test_the_loss_of_a_silent_network_is_the_square_of_what_its_row_asks_for(name):
    """Epsilon, v or x0, of pictures in the network's frame, with or without offset noise: eq. 14 by hand."""
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
    timesteps = [int((place + draw) * 1000 / 4) for place, draw in enumerate(torch.rand(4, generator=draws))]
    level = run.scheduler.alphas_cumprod[timesteps].view(4, 1, 1, 1)
    if name == "dim-deep-offset":
        noise = noise + 0.1 * torch.randn(4, 3, 1, 1, generator=draws)
    x0 = prepare(torch.where(flip, batch.flip(-1), batch), row.brightness)
    if name == "dim-deep-centred":
        x0 = x0 - prepare(pictures(), row.brightness).mean((0, 2, 3))[:, None, None]
    signal, spread = level.sqrt(), (1 - level).sqrt()
    targets = {"dim-deep-zsnr": signal * noise - spread * x0, "dim-deep-x0": x0}
    target = targets.get(name, noise)
    torch.testing.assert_close(fed[0], signal * x0 + spread * noise, atol=1e-5, rtol=0)
    assert first.loss == pytest.approx(target.square().mean().item(), rel=1e-5)


def test_steps_are_numbered_and_epochs_end_where_they_should(undisturbed):
    _, steps = undisturbed
    assert [step.step for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [step.epoch for step in steps] == [1, 1, 1, 2, 2, 2]
    assert [step.ends_epoch for step in steps] == [False, False, True] * 2


def test_two_processes_learn_what_one_does(trained_by_two, undisturbed):
    whole, steps = undisturbed
    first, second = (torch.load(trained_by_two / f"{rank}.pt") for rank in range(2))
    assert equal(first["weights"], second["weights"])
    assert first["losses"] == second["losses"] == pytest.approx([step.loss for step in steps], abs=1e-5)
    # AdamW makes a whole step of a gradient that is 0 but for rounding, as biases before a norm have: such
    # weights may differ, what the network predicts may not.
    torch.testing.assert_close(first["shown"], shown(whole), atol=1e-4, rtol=0)
    apart = torch.cat(
        [(a - b).flatten().abs() for a, b in zip(first["weights"], weights(whole), strict=True)]
    )
    assert apart.quantile(0.99) < 1e-4


def test_a_run_of_two_processes_goes_on_in_one(trained_by_two, undisturbed):
    _, steps = undisturbed
    alone = job()
    saved_state.resume(alone, trained_by_two / "state.pt")
    assert [step.step for step in alone] == [4, 5, 6]
    assert alone.place.losses == pytest.approx([step.loss for step in steps], abs=1e-5)
    assert alone.place.launches == [
        {"from_step": 1, "processes": 2, "accumulate": 1},
        {"from_step": 4, "processes": 1, "accumulate": 1},
    ]


@pytest.mark.parametrize(("batch_size", "accumulate"), SHARED)
def test_two_processes_together_see_every_picture_once_an_epoch(looked_at_by_two, batch_size, accumulate):
    folder = looked_at_by_two / f"{batch_size}-{accumulate}"
    first, second = (torch.load(folder / f"{rank}.pt") for rank in range(2))
    calls = 12 // batch_size * accumulate
    assert len(first) == len(second) == RECIPE.epochs * calls
    for epoch in (slice(0, calls), slice(calls, None)):
        assert sorted(itertools.chain(*first[epoch], *second[epoch])) == list(range(12))
    sizes = {len(part) for part in first + second}
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("accumulate", [2, 3, 4])
def test_parts_of_a_batch_however_uneven_teach_what_the_batch_does(undisturbed, accumulate):
    whole, steps = undisturbed
    run = job(accumulate=accumulate)
    parts = []
    run.raw_unet.register_forward_pre_hook(lambda _, inputs: parts.append(len(inputs[0])))
    assert [step.loss for step in run] == pytest.approx([step.loss for step in steps], abs=1e-5)
    assert len(parts) == accumulate * len(steps)
    assert sum(parts) == RECIPE.batch_size * len(steps)
    torch.testing.assert_close(shown(run), shown(whole), atol=1e-4, rtol=0)


def test_a_batch_in_more_parts_than_it_has_pictures_is_refused(one_sentence):
    with pytest.raises(Refusal, match="batch of 4 cannot be split into 5 parts") as refusal:
        job(accumulate=5)
    one_sentence(refusal)


def drawn_timesteps(stratified, count=8, batches=2000):
    run = job(recipe=replace(RECIPE, stratified=stratified))
    batch = torch.zeros(count, 3, 16, 16, dtype=torch.uint8)
    return torch.stack([run.draw(batch)[2] for _ in range(batches)])


@pytest.mark.parametrize("stratified", [True, False])
def test_timesteps_are_drawn_evenly_from_all(stratified):
    timesteps = drawn_timesteps(stratified)
    assert timesteps.min() == 0
    assert timesteps.max() == 999
    counts = timesteps.flatten().bincount(minlength=1000).view(10, 100).sum(1) / timesteps.numel()
    assert counts.tolist() == pytest.approx([0.1] * 10, abs=0.01)


def test_a_batch_of_stratified_timesteps_has_one_of_every_part_of_the_schedule():
    parts = drawn_timesteps(True, batches=50) * 8 // 1000
    assert (parts == torch.arange(8)).float().mean() > 0.99  # 125 · k is a part's own first
    assert drawn_timesteps(False, batches=50).sort()[0].ne(drawn_timesteps(True, batches=50)).any()


def test_a_run_calculates_in_fp32_whatever_a_gpu_would_do_by_itself():
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    assert job().settings["precision"] == "no"
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.allow_tf32


def test_the_loss_falls_on_an_easy_set():
    recipe = replace(RECIPE, epochs=50, batch_size=8, warmup_steps=5, adamw_learning_rate=1e-2)
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


def test_training_on_nothing_is_refused(one_sentence):
    with pytest.raises(Refusal, match="no picture to train on") as refusal:
        job(pixels=pictures()[:0])
    one_sentence(refusal)
