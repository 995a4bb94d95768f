"""The compiled network says what PyTorch's says, with no more threads than pay; without it nothing breaks."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch

from lowlight_ddpm.diffusion import backends
from lowlight_ddpm.diffusion.sampling import denoise
from lowlight_ddpm.diffusion.settings import run_settings
from tests.helpers.spy import Spy

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(backends, "CACHE", tmp_path)
    yield tmp_path
    backends._compiled.cache_clear()


@pytest.fixture(autouse=True)
def as_many_threads_as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def without_onnx_runtime(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: None)


def test_the_compiled_network_answers_as_pytorch_does_in_every_batch(tiny_checkpoint):
    compiled = backends.network(tiny_checkpoint, "onnx")
    for count in (1, 3, 16):
        x_t = torch.randn(count, 3, 16, 16)
        with torch.inference_mode():
            expected = tiny_checkpoint.unet(x_t, 500).sample
        answer = compiled(x_t.contiguous(memory_format=torch.channels_last), torch.tensor(500)).sample
        torch.testing.assert_close(answer, expected, atol=2e-5, rtol=0)
    other = compiled(x_t, torch.tensor([20] * 15 + [500])).sample
    torch.testing.assert_close(other[15], expected[15], atol=2e-5, rtol=0)
    assert not torch.allclose(other[:15], expected[:15], atol=1e-3), "it does not look at the timesteps"


def test_of_two_threads_one_compiles_and_the_other_waits_for_it(tiny_checkpoint, monkeypatch):
    under_way, most, exported = [], [], backends._export

    def export(unet, path):
        under_way.append(path)
        most.append(len(under_way))
        time.sleep(0.2)  # the other thread comes meanwhile
        exported(unet, path)
        under_way.pop()

    monkeypatch.setattr(backends, "_export", export)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: backends.network(tiny_checkpoint, "onnx"), range(2))
    assert most == [1], "both compiled"
    assert first is second


@pytest.mark.parametrize("sampler", ["ddpm", "dpm++"])
def test_a_whole_run_keeps_its_colours(tiny_checkpoint, sampler):
    runs = {}
    for backend in ("torch", "onnx"):
        settings = run_settings(mode="generate", steps=20, sampler=sampler, backend=backend, seed=3)
        *_, runs[backend] = denoise(tiny_checkpoint, settings, count=2)
    difference = (runs["onnx"].x0 - runs["torch"].x0) * 127.5
    assert difference.mean(dim=(0, 2, 3)).abs().max() < 0.01
    assert difference.abs().max() < 0.1
    assert not torch.equal(runs["onnx"].x0, runs["torch"].x0), "both runs were PyTorch's"


def test_it_is_compiled_once_and_read_from_disk_by_the_next_process(tiny_checkpoint, own_cache, monkeypatch):
    first = backends.network(tiny_checkpoint, "onnx")
    assert backends.network(tiny_checkpoint, "onnx") is first
    (kept,) = own_cache.iterdir()
    assert kept.name.startswith(tiny_checkpoint.record["weights_sha256"][:16])

    backends._compiled.cache_clear()  # as a new process finds it
    monkeypatch.setattr(backends, "_export", None)
    again = backends.network(tiny_checkpoint, "onnx")
    x_t = torch.randn(1, 3, 16, 16)
    assert torch.equal(again(x_t, 7).sample, first(x_t, 7).sample)


@pytest.mark.parametrize("harm", [lambda whole: whole[: len(whole) // 2], lambda whole: b""])
def test_a_file_that_is_damaged_is_compiled_again(tiny_checkpoint, own_cache, harm):
    x_t = torch.randn(1, 3, 16, 16)
    expected = backends.network(tiny_checkpoint, "onnx")(x_t, 7).sample
    (kept,) = own_cache.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(harm(whole))
    backends._compiled.cache_clear()
    assert torch.equal(backends.network(tiny_checkpoint, "onnx")(x_t, 7).sample, expected)
    assert len(kept.read_bytes()) == len(whole)


def test_other_weights_are_not_taken_for_these(tiny_checkpoint, own_cache):
    backends.network(tiny_checkpoint, "onnx")
    other = replace(tiny_checkpoint, record=tiny_checkpoint.record | {"weights_sha256": "0" * 64})
    backends.network(other, "onnx")
    assert len(list(own_cache.iterdir())) == 2


def test_without_onnx_runtime_pytorch_computes_the_same_bytes(tiny_checkpoint, without_onnx_runtime):
    spy = Spy(tiny_checkpoint.unet)
    *_, fallen_back = denoise(
        replace(tiny_checkpoint, unet=spy), run_settings(mode="generate", steps=3, backend="onnx")
    )
    *_, plain = denoise(tiny_checkpoint, run_settings(mode="generate", steps=3))
    assert len(spy.fed) == 3
    assert torch.equal(fallen_back.x0, plain.x0)


def test_a_gpu_computes_by_pytorch(monkeypatch):
    assert backends.backend_here("onnx") == "onnx"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert backends.backend_here("onnx") == "torch"


def test_each_backend_has_its_own_time(tiny_checkpoint):
    assert backends.seconds_per_call(tiny_checkpoint, 16, 16) > 0
    assert backends.seconds_per_call(tiny_checkpoint, 16, 16, "onnx") > 0


@pytest.mark.parametrize(
    ("written", "expected"),
    [("150000 100000", 1), ("400000 100000", 4), ("50000 100000", 1), ("max 100000", 8)],
)
def test_a_container_s_quota_is_the_most(monkeypatch, tmp_path, written, expected):
    monkeypatch.setattr(backends.os, "cpu_count", lambda: 8)
    torch.set_num_threads(8)
    quota = tmp_path / "cpu.max"
    quota.write_text(written + "\n")
    assert backends.allowed_threads(quota) == expected


def test_without_a_quota_the_cores_are_the_most_and_pytorch_s_count_is_kept_to(monkeypatch, tmp_path):
    monkeypatch.setattr(backends.os, "cpu_count", lambda: 8)
    torch.set_num_threads(3)
    assert backends.allowed_threads(tmp_path / "none") == 3


@pytest.mark.parametrize(("speed_up", "expected"), [(1.0, 4), (0.0, 1), (-0.5, 1)])
def test_threads_that_do_not_pay_are_left_to_others(speed_up, expected):
    def call():
        time.sleep(0.02 / torch.get_num_threads() ** speed_up)

    assert backends.fastest_threads(call, most=4) == expected
    assert torch.get_num_threads() == expected


def test_one_thread_is_not_timed():
    calls = []
    assert backends.fastest_threads(lambda: calls.append(1), most=1) == 1
    assert not calls
