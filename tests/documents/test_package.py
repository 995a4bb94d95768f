"""The package as pip builds it: what it needs, what is in it, and that it runs from any folder."""

import os
import subprocess
import sys
import tomllib
from zipfile import ZipFile

import pytest

import lowlight_ddpm
from benchmarks.tiny import save_tiny
from lowlight_ddpm.images import draw
from lowlight_ddpm.paths import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def lines(name):
    return [
        line for line in (REPOSITORY / name).read_text().splitlines() if line and not line.startswith("-r")
    ]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*command, "--wheel-dir", folder, REPOSITORY], check=True, timeout=120)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A function that runs the installed package's command line in a folder outside the checkout."""
    site = tmp_path_factory.mktemp("site")
    with ZipFile(wheel) as archive:
        archive.extractall(site)

    def run(*arguments, cwd, **environment):
        environment = os.environ | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"} | environment
        return subprocess.run(
            [sys.executable, "-m", "lowlight_ddpm", *map(str, arguments)],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


def test_a_space_installs_what_the_package_needs():
    assert lines("requirements.txt") == PROJECT["dependencies"]


def test_the_extras_are_those_that_requirements_files_have():
    extras = PROJECT["optional-dependencies"]
    assert lines("requirements-quick.txt") == extras["quick"]
    assert lines("requirements-dev.txt") == extras["dev"][1:]


def test_the_wheel_has_one_version_a_command_and_every_file_of_the_package(wheel):
    assert wheel.name.startswith(f"lowlight_ddpm-{lowlight_ddpm.__version__}-")
    with ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (points,) = (name for name in held if name.endswith("entry_points.txt"))
        assert "lowlight-ddpm = lowlight_ddpm.cli:main" in archive.read(points).decode()
    tracked = subprocess.run(
        ["git", "ls-files", "lowlight_ddpm"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert set(tracked.stdout.split()) <= held
    assert "lowlight_ddpm/py.typed" in held


def test_it_runs_from_any_folder(installed, tmp_path):
    done = installed("--version", cwd=tmp_path)
    assert done.stdout == f"lowlight-ddpm {lowlight_ddpm.__version__}\n"
    assert "(not trained) " in installed("variants", cwd=tmp_path).stdout
    save_tiny(tmp_path / "networks", ["dim"], channels=(8, 16), side=16)
    draw(1).save(tmp_path / "photo.jpg")
    (tmp_path / "elsewhere").mkdir()
    done = installed(
        *("denoise", "../photo.jpg", "--variant", "dim", "--steps", 2, "--out", "out"),
        cwd=tmp_path / "elsewhere",
        LOWLIGHT_CHECKPOINTS=str(tmp_path / "networks"),
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "elsewhere" / "out" / "result.png").exists()


def test_checkpoints_of_the_working_directory_are_found(installed, tmp_path):
    save_tiny(tmp_path / "checkpoints", ["dim"], channels=(8, 16), side=16)
    said = installed("variants", cwd=tmp_path).stdout
    assert "(not trained) What the post starts from" not in said


def test_what_was_tried_is_said_where_there_is_no_checkpoint(installed, tmp_path, one_sentence):
    draw(1).save(tmp_path / "photo.jpg")
    done = installed("denoise", "photo.jpg", cwd=tmp_path)
    assert done.returncode == 2
    said = one_sentence(done.stderr.strip())
    assert "LOWLIGHT_CHECKPOINTS" in said
    assert f"in {tmp_path / 'checkpoints'} " in said, "it is kept with its user, not with the package"
