"""The keywords of Python: those of RunSettings, with its types, and diffusers' names beside them."""

import json
import subprocess
import sys
from types import NoneType
from typing import get_args, get_type_hints

import pytest

from lowlight_ddpm.diffusion import settings
from lowlight_ddpm.diffusion.from_diffusers import DIFFUSERS_NAMES
from lowlight_ddpm.diffusion.keywords import DenoiseKeywords, GenerateKeywords, settings_of
from lowlight_ddpm.diffusion.settings import RunSettings, names_in
from lowlight_ddpm.paths import REPOSITORY
from lowlight_ddpm.variants import find_variant

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("mode", "keywords"), [("restore", DenoiseKeywords), ("generate", GenerateKeywords)])
def test_type_checkers_see_the_settings_of_a_run_by_name_and_type(mode, keywords):
    kinds = get_type_hints(keywords)
    names = {name for name in names_in(mode) if name != "variant"}
    assert set(kinds) == names | set(DIFFUSERS_NAMES)
    fields = get_type_hints(RunSettings)
    for name in names:
        allowed = {*get_args(kinds[name])} - {NoneType}
        assert allowed == {fields[name]} | ({bool} if name == "mean_correction" else set())


def test_a_setting_has_its_earlier_names(monkeypatch):
    monkeypatch.setitem(settings.EARLIER_NAMES, "noised_to", "start")
    assert settings_of("restore", find_variant("dim"), {"noised_to": 300}).start == 300


def test_a_mistyped_keyword_is_seen_by_a_type_checker(tmp_path):
    (tmp_path / "use.py").write_text(
        "from lowlight_ddpm import denoise, generate\n"
        'denoise("a.png", steps=50, num_inference_steps=None).image()\n'
        "generate(2, leak_start=True, seed=1).images()\n"
        'denoise("a.png", stepz=50)\n'
        'denoise("a.png", steps="50")\n'
        "generate(2, start=3)\n"
        'generate("a.png")\n'
    )
    config = {"extraPaths": [str(REPOSITORY)], "typeCheckingMode": "basic"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run([*command, "--project", tmp_path], capture_output=True, text=True, timeout=300)
    found = json.loads(done.stdout)["generalDiagnostics"]
    lines = {one["range"]["start"]["line"] for one in found if one["severity"] == "error"}
    assert lines == {3, 4, 5, 6}
