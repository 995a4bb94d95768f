"""The page on a Space whose GPU is lent: with what `spaces` does there, in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "helpers" / "zero_gpu"
BEGIN = """
import os
from lowlight_ddpm.ui.worker import source
import spaces, torch
assert spaces.IMPORTED_FIRST
spaces.promise()
torch.set_num_threads(1)
from lowlight_ddpm.diffusion import sampling
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw, entire, square
from lowlight_ddpm.analysis.tint_injection import Tint
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.diffusion.sampling import Request

settings = run_settings(steps=4, start=300)
picture = settings.dim(square(draw(1), 64)[None])

def walk(*request):
    return (steps[0] for steps in source.steps([Request(*request)]))
"""
PARTS = {
    "steps are those of a run at home, tinted ones too": """
for alter in (None, Tint(1, (9.0, 0.0, 0.0))):
    steps = list(walk(settings, picture, 1, alter))
    expected = list(sampling.denoise(checkpoints.load("dim"), settings, picture, 1, alter))
    assert len(steps) == len(expected) == 4
    assert all(torch.equal(a.x0, b.x0) and a.timestep == b.timestep for a, b in zip(steps, expected))
""",
    "sixteen are drawn at once": """
drawn = run_settings(mode="generate", steps=2)
*_, last = walk(drawn, None, 16)
assert last.x0.shape == (16, 3, 64, 64)
""",
    "no more time is asked for than a run may need": """
from lowlight_ddpm.ui import worker
from lowlight_ddpm.ui.components.plan import plan
def asked(settings, picture):
    next(walk(settings, picture))
    return spaces.ASKED[-1]
whole = run_settings(steps=50, whole=True)
short, long = asked(settings, picture), asked(run_settings(steps=600), picture)
large = asked(whole, whole.dim(entire(draw(1).resize((400, 300)), 64)[None]))
assert 15 < short < large < long < worker.LONGEST, (short, large, long)
assert worker.seconds_of(10_000) == worker.LONGEST
""",
    "a refusal keeps its sentence": """
import shutil
(checkpoints.ROOT / "bright" / checkpoints.WEIGHTS).write_bytes(b"damaged")
try:
    list(walk(run_settings(variant="bright", steps=2), picture))
except Refusal as refusal:
    assert "bright is damaged" in str(refusal)
else:
    raise AssertionError("nothing was refused")
both, refused = [Request(run_settings(variant=name, steps=2), picture) for name in ("bright", "dim")], {}
steps = list(source.steps(both, refused))
assert [place for made in steps for place in made] == [1, 1]
assert "bright is damaged" in str(refused[0])
""",
    "whoever stops frees it": """
walked = source.steps([Request(run_settings(steps=500), picture)])
next(walked)
walked.close()
del walked
import multiprocessing
assert not multiprocessing.active_children()
""",
    "the process that serves leaves it alone": """
from PIL import Image
from lowlight_ddpm.ui.components.plan import plan
assert torch.cuda.is_available()
assert checkpoints.load("dim").device.type == "cpu"
assert "network calls" in plan({"variant": "dim"}, draw(1))[1]
""",
}


RUN = """
import json, traceback
found = {}
for part, code in json.loads(os.environ["PARTS"]).items():
    try:
        exec(code)
        found[part] = ""
    except Exception:
        found[part] = traceback.format_exc()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory, untrained_page_root):
    """What was wrong in each part; one process does them all."""
    root = shutil.copytree(untrained_page_root, tmp_path_factory.mktemp("zero") / "checkpoints")
    environment = os.environ | {
        "SPACES_ZERO_GPU": "true",
        "LOWLIGHT_CHECKPOINTS": str(root),
        "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent.parent}",
        "OMP_NUM_THREADS": "1",
        "PARTS": json.dumps(PARTS),
    }
    command = [sys.executable, "-c", BEGIN + RUN]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("part", PARTS)
def test_on_a_gpu_that_is_lent(found, part):
    assert not found[part]
