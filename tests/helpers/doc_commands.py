"""What the documents have a reader type, and where each command is tried that test_docs.py does not run.

A new command of lowlight_ddpm is run there by itself, in a small world. Whatever else a document comes to
name needs a line in ELSEWHERE.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from lowlight_ddpm.paths import REPOSITORY

DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md")])
CLI = "python -m lowlight_ddpm"

# What opens a command where it stands in the midst of a sentence, with at least one word behind it.
_PROGRAMS = {
    "accelerate",
    "curl",
    "docker",
    "git",
    "hf",
    "make",
    "pip",
    "python",
    "ruff",
    "torchrun",
    "uvicorn",
}


@dataclass(frozen=True)
class Elsewhere:
    """Why a command is not run by test_docs.py, and what runs it instead: FILE, or FILE::TEST."""

    why: str
    tried_by: str


_LONG = "hours with real networks"
_SERVES = "serves until it is stopped"

# The first words of a command; the longest that fit count.
ELSEWHERE = {
    "make demo": Elsewhere(_SERVES, "tests/e2e/test_visit.py"),
    "python -m lowlight_ddpm.ui": Elsewhere(
        _SERVES, "tests/ui/test_web.py::test_an_installed_package_serves_its_page"
    ),
    "make diagnosis": Elsewhere("takes a minute", "tests/benchmarks/test_diagnosis.py"),
    "make first-run": Elsewhere("writes into lowlight_ddpm/", "tests/ui/play/test_first_run.py"),
    "make prepared": Elsewhere("does what make first-run does", "tests/ui/play/test_first_run.py"),
    "make sheets": Elsewhere(
        "takes minutes, and writes into lowlight_ddpm/", "tests/ui/start/test_prepared.py"
    ),
    "make test": Elsewhere("is this very suite", ".ci/run"),
    "make quick-test": Elsewhere("is a part of this suite", "tests/test_quick.py"),
    "make lint": Elsewhere("is the first thing that make test does", ".ci/run"),
    "make types": Elsewhere(
        "takes a minute",
        "tests/documents/test_docs.py::test_every_target_of_make_is_there_and_runs_files_that_are",
    ),
    "make screenshots": Elsewhere("takes minutes, and writes into docs/", "tests/e2e/test_visit.py"),
    "make faults": Elsewhere("takes many minutes", "tests/training/test_saved_state.py"),
    "make load": Elsewhere(
        "takes many minutes", "tests/benchmarks/test_load.py::test_what_many_users_do_holds"
    ),
    "make fuzz": Elsewhere(
        "takes minutes",
        "tests/benchmarks/test_fuzz.py::test_odd_settings_and_broken_files_are_taken_or_refused_in_one_sentence",
    ),
    "make bench": Elsewhere(
        "takes many minutes",
        "tests/benchmarks/test_bench.py::test_every_part_is_measured_printed_and_recorded",
    ),
    "python -m benchmarks.formats": Elsewhere(
        "needs a folder of cases",
        "tests/images/test_colours.py::test_the_table_is_printed_with_and_without_a_folder",
    ),
    "python -m benchmarks.resizing": Elsewhere("takes minutes", "tests/benchmarks/test_resizing.py"),
    "python -m benchmarks.verdicts": Elsewhere(
        "takes a while", "tests/study/test_verdicts.py::test_the_command_prints_every_share"
    ),
    "python -m benchmarks.tones": Elsewhere("needs photographs", "tests/benchmarks/test_tones.py"),
    "python -m benchmarks.tuning": Elsewhere(_LONG, "tests/benchmarks/test_tuning.py"),
    "python -m lowlight_ddpm specimens": Elsewhere("needs photographs", "tests/images/test_specimens.py"),
    "python -m lowlight_ddpm train dim --images specimens": Elsewhere(
        "needs photographs",
        "tests/training/test_records.py::test_a_licence_is_recorded_unless_the_source_has_one",
    ),
    "curl": Elsewhere(_SERVES, "tests/ui/test_requests.py::test_the_documented_commands_of_curl_run"),
    "python3 -m venv .venv": Elsewhere("is the first thing that make test does", ".ci/run"),
    "pip install .": Elsewhere(
        "takes the place of what is installed",
        "tests/documents/test_package.py::test_it_runs_from_any_folder",
    ),
    "pip install -r requirements-quick.txt": Elsewhere("make test installs it", ".ci/run"),
    "make versions": Elsewhere("takes half an hour", "tests/benchmarks/test_versions.py"),
    "make scale": Elsewhere("takes a minute", "tests/report/test_benchmarks.py"),
    "accelerate launch": Elsewhere("starts processes", "tests/cli/test_launch.py"),
    "torchrun": Elsewhere("starts processes", "tests/cli/test_launch.py"),
    "python -m uvicorn": Elsewhere(_SERVES, "tests/test_serving.py"),
    "python -m tests.helpers.goldens": Elsewhere("writes into tests/", "tests/test_goldens.py"),
    "make notebook": Elsewhere(
        _SERVES, "tests/documents/test_notebook.py::test_the_notebook_runs_from_top_to_bottom"
    ),
    "make newcomer": Elsewhere(
        "trains for minutes",
        "tests/documents/test_newcomer.py::test_a_row_in_a_file_is_all_that_a_new_variant_takes",
    ),
    "python app.py": Elsewhere(
        _SERVES, "tests/ui/worker/test_logs.py::test_the_level_is_an_option_or_the_environment_s"
    ),
    "python -m pytest tests/diffusion/test_schedule.py": Elsewhere("is a part of this suite", ".ci/run"),
    "ruff format .": Elsewhere("make lint holds the layout", ".ci/run"),
    "pip install gradio_client": Elsewhere("gradio brings it along", "tests/ui/test_api.py"),
    "hf auth login": Elsewhere(
        "needs an account of the Hub",
        "tests/report/test_publish.py::test_what_is_published_is_loaded_from_there_at_its_revision",
    ),
    f"{CLI} evaluate": Elsewhere(
        _LONG, "tests/cli/test_studies.py::test_evaluate_runs_the_protocol_once_and_prints_its_summary"
    ),
    f"{CLI} adopt": Elsewhere(
        _LONG,
        "tests/training/test_adoption.py::test_the_command_moves_all_or_none_and_then_has_everything_made",
    ),
    f"{CLI} causes": Elsewhere(
        _LONG, "tests/cli/test_studies.py::test_causes_trains_and_clips_once_and_prints_what_was_found"
    ),
    f"{CLI} baselines": Elsewhere(
        _LONG, "tests/study/test_baselines.py::test_every_start_has_a_row_for_the_network_and_for_each_filter"
    ),
    f"{CLI} dark": Elsewhere(
        "needs photographs", "tests/study/test_dark_sets.py::test_lol_s_layout_is_measured_unprepared"
    ),
    f"{CLI} exposures": Elsewhere(
        "needs photographs", "tests/study/test_dark_photographs.py::test_exposures_are_told_with_their_errors"
    ),
    f"{CLI} findings": Elsewhere(
        "reads every result",
        "tests/report/test_blocks.py::test_what_the_documents_say_was_measured_is_what_the_results_say",
    ),
    f"{CLI} figures": Elsewhere(
        "takes minutes, and writes into docs/",
        "tests/cli/test_studies.py::test_figures_says_what_it_draws_and_what_it_leaves_out",
    ),
}

# Options of launchers and servers that sentences speak of.
OF_OTHERS = {"--nnodes", "--rdzv-endpoint", "--workers"}

# Documents whose examples in Python talk to a served page.
SERVED = {"api.md": "tests/ui/test_api.py::test_the_documented_examples_run"}


def elsewhere(command: str) -> str | None:
    """The entry of ELSEWHERE that a command falls under."""
    fitting = [opening for opening in ELSEWHERE if f"{command} ".startswith(f"{opening} ")]
    return max(fitting, key=len, default=None)


def commands(document: Path) -> list[str]:
    """Every command of a document in order, without settings of the environment before it."""
    found = []
    for token in _tokens(document):
        if token.type == "fence" and token.info.split()[:1] in (["bash"], ["sh"], ["console"]):
            found += token.content.replace("\\\n", " ").splitlines()
        elif token.type == "code_inline" and _is_command(_spelt(token.content)):
            found.append(token.content)
    return [spelt for line in found if (spelt := _spelt(line))]


def examples(document: Path, language: str = "python") -> list[str]:
    """The examples of a document in a language, in order."""
    return [token.content for token in _tokens(document) if token.type == "fence" and token.info == language]


def phrases(document: Path) -> list[str]:
    """Whatever else is set as code in the midst of sentences."""
    return [token.content for token in _tokens(document) if token.type == "code_inline"]


def _tokens(document: Path) -> Iterator[Token]:
    for token in MarkdownIt().enable("table").parse(document.read_text()):
        yield token
        yield from token.children or ()


def _spelt(line: str) -> str:
    words = shlex.split(line.removeprefix("$ "), comments=True)
    while words and re.match(r"[A-Z_]+=", words[0]):
        words = words[1:]
    line = " ".join(words).removeprefix(".venv/bin/")
    return re.sub(r"^lowlight-ddpm ", f"{CLI} ", line)


def _is_command(spelt: str) -> bool:
    first, *rest = spelt.split() or [""]
    return first in _PROGRAMS and bool(rest)
