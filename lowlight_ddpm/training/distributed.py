"""The processes of one launch: the main one opens and writes for all, and all stop together.

A launch is torchrun's or accelerate's; without one there is one process, and nothing here costs anything.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, reduce

from lowlight_ddpm import environment
from lowlight_ddpm.errors import Refusal

T = TypeVar("T")


def on_main(job: Callable[[], T]) -> T:
    """What `job` gives in the main process, in every process of the launch; the others do not call it.

    A Refusal that it raises there is raised in all, so that none waits for one that has gone.
    """
    answer: list[Any] = [None, None]
    if _launch().is_main_process:
        try:
            answer[0] = job()
        except Refusal as refusal:
            answer[1] = refusal
    result, refusal = broadcast_object_list(answer)
    if refusal is not None:
        raise refusal
    return result


def anywhere(*flags: bool) -> list[bool]:
    """Whether each flag is up in any process of the launch: the same answer in all."""
    launch = _launch()
    if launch.num_processes == 1:
        return list(flags)
    up = torch.tensor(flags, dtype=torch.float32, device=launch.device)
    return (cast(torch.Tensor, reduce(up, "sum")) > 0).tolist()


def take_own_gpu() -> None:
    """Have "cuda" mean the GPU that the launcher has set aside for this process, for jobs done apart."""
    if torch.cuda.is_available():
        torch.cuda.set_device((environment.value("LOCAL_RANK") or 0) % torch.cuda.device_count())


def _launch() -> PartialState:
    return PartialState(cpu=not torch.cuda.is_available())
