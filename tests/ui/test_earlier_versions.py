"""What version 0.1 has written or was sent means the same run today: links, reports, calls, commands."""

import json
import shlex
import sys
from pathlib import Path

import pytest
import typer
from gradio_client import handle_file

from lowlight_ddpm import api, cli
from lowlight_ddpm.cli.output import Output
from lowlight_ddpm.diffusion.settings import RunSettings, run_settings
from lowlight_ddpm.images import draw
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui.session import parse
from lowlight_ddpm.variants import find_variant
from tests.helpers.as_row import as_row
from tests.helpers.mcp_client import mcp_session

LATER = {"mean_correction": "off"}  # what version 0.1 did not have, as it is where nothing is asked
WRITTEN = json.loads((Path(__file__).parents[1] / "fixtures" / "version_0_1.json").read_text())
for one in WRITTEN:
    one["settings"] = {name: (LATER | one["settings"])[name] for name in RunSettings.model_fields}


def of(*kinds):
    return pytest.mark.parametrize(
        "written", [one for one in WRITTEN if one["kind"] in kinds], ids=lambda one: one["name"]
    )


@pytest.fixture
def any_network(monkeypatch, tiny_root):
    """The tiny network of `dim` for any variant: which settings a run has does not depend on its weights."""
    load = checkpoints.load
    monkeypatch.setattr(
        checkpoints, "load", lambda name: as_row(load("dim", root=tiny_root), find_variant(name))
    )


@of("link")
def test_a_link_opens_the_same_run(written):
    settings, picture = parse(written["given"])
    assert settings.model_dump() == written["settings"]
    assert picture == written["picture"]


@of("recorded")
def test_a_report_is_run_again_by_the_command_line(written, tmp_path, monkeypatch, any_network):
    report = tmp_path / "report.json"
    report.write_text(json.dumps(written["given"]))
    draw(3).save(tmp_path / "input.png")
    image = [str(tmp_path / "input.png")] if written["mode"] == "restore" else []
    command = {"restore": "denoise", "generate": "generate"}[written["mode"]]
    assert (
        settings_of_command([command, *image, "--settings", str(report)], monkeypatch) == written["settings"]
    )


@of("training")
def test_a_training_record_names_the_same_run(written):
    name = written["given"]["variant"]["name"]
    assert run_settings(variant=name).model_dump() == written["settings"]


@of("training")
def test_a_recorded_training_command_is_still_understood(written):
    _, _, _, command, *arguments = shlex.split(written["given"]["command"])
    context = typer.main.get_command(cli.app).commands[command].make_context(command, arguments)
    assert context.params["name"] == "dim-retrained"
    assert context.params["images"] == "../shared/data/butterflies"


@of("api")
def test_a_call_of_the_page_means_the_same(written, client, tmp_path):
    draw(3).save(tmp_path / "input.png")
    _, report = client.predict(
        picture=handle_file(tmp_path / "input.png"), **written["given"], api_name="/denoise"
    )
    assert report["settings"] == written["settings"]


@of("mcp")
def test_a_call_by_a_language_model_means_the_same(written, page):
    async def call(session):
        names = [tool.name for tool in (await session.list_tools()).tools]
        (name,) = (name for name in names if name.endswith("generate"))
        return await session.call_tool(name, written["given"])

    answer = mcp_session(page, call)
    assert not answer.isError
    texts = [content.text for content in answer.content if content.type == "text"]
    assert any(repr(written["settings"]) in text or json.dumps(written["settings"]) in text for text in texts)


@of("python")
def test_keywords_of_python_mean_the_same(written, any_network):
    assert api.denoise(draw(3), **written["given"]).settings.model_dump() == written["settings"]


@of("cli")
def test_options_of_the_command_line_mean_the_same(written, monkeypatch, any_network):
    assert settings_of_command(shlex.split(written["given"]), monkeypatch) == written["settings"]


def settings_of_command(arguments, monkeypatch):
    """The settings of the run that a command would make."""
    made = []
    monkeypatch.setattr(Output, "make", lambda _, run, *place: made.append(run.settings.model_dump()))
    monkeypatch.setattr(sys, "argv", ["lowlight_ddpm", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    return made[0]
