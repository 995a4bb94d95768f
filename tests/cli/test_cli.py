import json
import shutil

import pytest
from PIL import Image

from benchmarks.encoders import P3_ICC
from lowlight_ddpm.diffusion.samplers import SAMPLERS
from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.images import draw
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.variants import VARIANTS

pytestmark = pytest.mark.usefixtures("tiny_checkpoints")


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    draw(0, 100).resize((130, 90)).save(path)
    return path


def test_variants_lists_the_whole_table(run):
    status, out, _ = run("variants", "--json")
    assert status == 0
    assert [row["name"] for row in json.loads(out)] == list(VARIANTS)
    assert all(name in run("variants")[1] for name in VARIANTS)


def test_denoise_writes_four_files_and_the_same_bytes_again(run, photo, tmp_path):
    outs = [tmp_path / name for name in "ab"]
    for out in outs:
        status, said, _ = run("denoise", photo, "--steps", 5, "--start", 300, "--seed", 7, "--out", out)
        assert status == 0
        assert "of 255" in said
    files = [sorted(path.name for path in out.iterdir()) for out in outs]
    assert files[0] == files[1] == ["measures.json", "result.png", "steps.gif", "steps.png"]
    assert all((outs[0] / name).read_bytes() == (outs[1] / name).read_bytes() for name in files[0])


def test_who_brings_a_strip_in_another_colour_space_is_told_what_is_done_to_it(run, tmp_path):
    strip = tmp_path / "strip.png"
    draw(0, 100).resize((400, 90)).save(strip, icc_profile=P3_ICC)
    status, said, told = run("denoise", strip, "--steps", 2, "--out", tmp_path / "out")
    notes = ["Colours: Display P3, converted to sRGB."]
    notes += ["The ends are cut: of 400×90 pixels, only the middle 90×90 are used."]
    assert (status, [line for line in told.splitlines() if line in notes]) == (0, notes)
    assert "Colours:" not in said, "what is printed is the result"
    assert json.loads((tmp_path / "out" / "measures.json").read_text())["notes"] == notes
    status, _, told = run("measure", strip, strip, "--json")
    assert (status, told.splitlines()) == (0, [f"strip.png: {notes[0]}"] * 2)


def test_another_seed_gives_another_result(run, photo, tmp_path):
    for seed in (0, 1):
        run("denoise", photo, "--steps", 3, "--seed", seed, "--out", tmp_path / str(seed))
    assert (tmp_path / "0" / "result.png").read_bytes() != (tmp_path / "1" / "result.png").read_bytes()


def test_what_is_left_out_is_as_trained(run, photo, tmp_path):
    run("denoise", photo, "--steps", 2, "--variant", "bright", "--out", tmp_path / "out")
    settings = json.loads((tmp_path / "out" / "measures.json").read_text())["settings"]
    assert (settings["brightness"], settings["beta_end"]) == (1.0, 0.02)


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        (("denoise", "drawn:1"), ["--anchor"], {"anchor": True}),
        (("generate", "--count", 1), ["--leak-start"], {"leak_start": True}),
        *(
            (command, [*map(str, arguments)], expected)
            for command in (("denoise", "drawn:1"), ("generate", "--count", 1))
            for arguments, expected in (
                (["--sampler", "dpm++"], {"sampler": "dpm++"}),
                (["--clip-to-data", "--no-clip"], {"clip_to_data": True, "clip": False}),
                (["--epsilon-scale", 1.006], {"epsilon_scale": 1.006}),
                (["--backend", "onnx"], {"backend": "onnx"}),
                (
                    ["--variance-type", "fixed_large", "--seed", 3],
                    {"variance_type": "fixed_large", "seed": 3},
                ),
            )
        ),
    ],
    ids=str,
)
def test_an_option_reaches_the_run(run, tmp_path, command, arguments, expected):
    assert run(*command, "--steps", 2, "--out", tmp_path, *arguments)[0] == 0
    settings = json.loads((tmp_path / "measures.json").read_text())["settings"]
    plain = run_settings(mode="restore" if command[0] == "denoise" else "generate", steps=2)
    assert settings == plain.model_dump() | expected


def test_a_whole_photograph_keeps_its_size_and_the_time_is_said_before(run, photo, tmp_path):
    status, _, said = run("denoise", photo, "--whole", "--steps", 3, "--out", tmp_path / "out")
    assert status == 0
    assert said.startswith("130×90 pixels in 88 tiles, 3 steps: about ")
    with Image.open(tmp_path / "out" / "result.png") as result:
        assert result.size == (130, 90)
    report = json.loads((tmp_path / "out" / "measures.json").read_text())
    assert report["settings"]["whole"]
    assert len(report["x0_means"]) == 3


@pytest.mark.parametrize("command", ["denoise", "generate"])
def test_help_names_every_sampler(run, command):
    words = run(command, "--help")[1].replace(",", " ").replace(".", " ").split()
    assert set(SAMPLERS) <= set(words)


def test_a_drawn_butterfly_needs_no_file(run, tmp_path):
    assert run("denoise", "drawn:3", "--steps", 2, "--out", tmp_path)[0] == 0


def test_generate_writes_a_grid_and_the_means(run, tmp_path):
    status, said, _ = run("generate", "--count", 4, "--steps", 3, "--out", tmp_path)
    assert status == 0
    assert "In the training set: 102.0 102.0 89.2" in said
    with Image.open(tmp_path / "result.png") as grid:
        assert grid.size == (2 * 20 + 4, 2 * 20 + 4)
    assert len(json.loads((tmp_path / "measures.json").read_text())["means"]) == 3


def test_settings_on_record_make_the_very_run_again(run, photo, tmp_path):
    options = "--steps", 3, "--start", 250, "--seed", 3, "--clip-to-data", "--epsilon-scale", 1.006
    run("denoise", photo, *options, "--out", tmp_path / "a")
    run("denoise", photo, "--settings", tmp_path / "a" / "measures.json", "--out", tmp_path / "b")
    for name in ("result.png", "measures.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_sample_on_record_is_one_picture(run, tmp_path):
    run("generate", "--count", 1, "--steps", 2, "--seed", 4, "--out", tmp_path / "a")
    run("generate", "--settings", tmp_path / "a" / "measures.json", "--out", tmp_path / "b")
    assert (tmp_path / "a" / "result.png").read_bytes() == (tmp_path / "b" / "result.png").read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "holds no settings"),
        ("{", "holds no settings"),
        ("[1]", "holds no settings"),
        ('{"settings": {"steps": 0}}', "steps must be"),
        ('{"settings": {"mode": "generate"}}', "use the command generate"),
    ],
)
def test_a_record_that_is_none_is_refused(run, photo, tmp_path, content, said, one_sentence):
    if content:
        (tmp_path / "run.json").write_text(content)
    status, _, error = run("denoise", photo, "--settings", tmp_path / "run.json")
    assert status == 2
    assert said in one_sentence(error.strip())


@pytest.fixture
def own_network(checkpoint_root, tmp_path):
    """A folder of a pipeline without a training record, as somebody else has saved it."""
    folder = shutil.copytree(checkpoint_root / "bright", tmp_path / "own")
    (folder / checkpoints.RECORD).unlink()
    return folder


def test_a_network_is_opened_by_its_path_and_its_run_made_again(run, photo, own_network, tmp_path):
    options = "--variant", own_network, "--start", 300, "--steps", 3
    status, said, error = run("denoise", photo, *options, "--out", tmp_path / "a")
    assert status == 0, error
    assert "of 255" in said
    report = json.loads((tmp_path / "a" / "measures.json").read_text())
    assert report["settings"]["variant"] == str(own_network)
    assert report["settings"]["brightness"] == 1.0
    run("denoise", photo, "--settings", tmp_path / "a" / "measures.json", "--out", tmp_path / "b")
    for name in ("result.png", "measures.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    status, said, _ = run("generate", "--variant", own_network, "--count", 1, "--steps", 2, "--out", tmp_path)
    assert status == 0
    assert "In the training set: not known" in said


def test_a_file_of_one_s_own_variants_is_read_by_a_command(run, table, monkeypatch, tmp_path, one_sentence):
    (tmp_path / "mine.toml").write_text('[mine]\ndescription = "What I want to know."\n')
    assert "mine" not in run("variants")[1]
    assert "What I want to know." in run("variants", "--variants", tmp_path / "mine.toml")[1]
    table.pop("mine")
    monkeypatch.setenv("LOWLIGHT_VARIANTS", str(tmp_path / "mine.toml"))
    assert "What I want to know." in run("variants")[1]
    (tmp_path / "mine.toml").write_text("[mine]\nbrightness = 2\n")
    for arguments in (["variants"], ["train", "mine", "--variants", tmp_path / "mine.toml"]):
        status, _, error = run(*arguments)
        assert status == 2
        assert "at most 1" in one_sentence(error.strip())


def test_measure_prints_figures_and_words(run, photo, tmp_path):
    tinted = tmp_path / "tinted.png"
    with Image.open(photo) as picture:
        red, green, blue = picture.split()
        Image.merge("RGB", (red, green, blue.point(lambda value: value // 2))).save(tinted)
    status, out, _ = run("measure", photo, tinted, "--json")
    figures = json.loads(out)
    assert status == 0
    assert figures["shift_b"] < -20
    assert "yellow" in figures["in_words"].lower()
    assert "yellow" in run("measure", photo, tinted)[1].lower()


BAD = {
    "no such file": ("denoise", "missing.png"),
    "no picture": ("denoise", __file__),
    "unknown variant": ("denoise", "drawn:0", "--variant", "dark"),
    "no steps": ("denoise", "drawn:0", "--steps", 0),
    "too many steps": ("denoise", "drawn:0", "--steps", 1001),
    "betas the wrong way round": ("denoise", "drawn:0", "--beta-start", 0.5, "--beta-end", 0.1),
    "beta not a number": ("denoise", "drawn:0", "--beta-start", "nan"),
    "unknown variance type": ("generate", "--variance-type", "learned"),
    "unknown sampler": ("denoise", "drawn:0", "--sampler", "euler"),
    "epsilon scaled away": ("generate", "--epsilon-scale", 0),
    "missing checkpoint": ("denoise", "drawn:0", "--variant", "dim-raw"),
    "folder without pictures": ("train", "dim", "--images", "missing"),
    "training without pictures": ("train", "dim"),
}


@pytest.mark.parametrize("arguments", BAD.values(), ids=BAD)
def test_bad_input_is_refused_in_one_sentence(run, arguments, one_sentence):
    status, _, err = run(*arguments)
    assert status == 2
    one_sentence(err.strip())


def test_pictures_of_two_sizes_are_not_measured(run, photo, tmp_path, one_sentence):
    draw(0, 64).save(tmp_path / "small.png")
    status, _, err = run("measure", photo, tmp_path / "small.png")
    assert status == 2
    assert "130×90 and 64×64 pixels" in one_sentence(err.strip())


@pytest.mark.parametrize(
    "command",
    [
        "",
        "denoise",
        "generate",
        "measure",
        "variants",
        "train",
        "specimens",
        "evaluate",
        "baselines",
        "figures",
    ],
)
def test_help_explains_every_option(run, command):
    status, out, _ = run(*([command] if command else []), "--help")
    assert status == 0
    assert "Usage" in out


def test_how_much_is_left_of_an_image_is_said_where_it_is_little(run, photo, tmp_path):
    told = run("denoise", photo, "--start", 600, "--steps", 2, "--out", tmp_path)[2]
    assert "Noised to 600, 16% of the image is left (√ᾱ): the rest is invented." in told.splitlines()
    assert "is left" not in run("denoise", photo, "--start", 100, "--steps", 2, "--out", tmp_path)[2]


def test_the_help_tells_what_is_for_dark_photographs_and_what_shows_diffusion(run):
    said = " ".join(run("--help")[1].replace("│", " ").split())
    assert "To make dark photographs light use `brighten`" in said
    assert "`denoise` shows diffusion" in said
    assert "use `brighten`" in " ".join(run("denoise", "--help")[1].replace("│", " ").split())
