"""Sources of pictures: drawn, folders, and the Hub's sets on rows of the same form."""

import random
import re

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import HELD_OUT, draw, hold_out, open_picture, open_source, sources, stack
from lowlight_ddpm.images.sources import drawn_picture
from lowlight_ddpm.images.synthetic.fruit import draw_fruit

pytestmark = pytest.mark.slow


def plain(colour, mode="RGB"):
    return Image.new(mode, (20, 16), colour)


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    """The Hub's name is found: what load_dataset makes of it is up to the test."""
    monkeypatch.setattr(sources, "_hub_is_known", lambda: True)


@pytest.fixture
def hub(monkeypatch):
    """Let the Hub hold given rows; returns what load_dataset was asked for."""
    asked = {}

    def hold(rows, **features):
        data = datasets.Dataset.from_list(rows, features=datasets.Features(features) if features else None)

        def load_dataset(path, **options):
            asked.update(options, path=path)
            return data.to_iterable_dataset()

        monkeypatch.setattr(datasets, "load_dataset", load_dataset)
        return asked

    return hold


@pytest.mark.parametrize(
    ("spec", "numbers"),
    [
        ("drawn", range(HELD_OUT)),
        ("drawn:", range(HELD_OUT)),
        ("drawn:2", range(2)),
        ("drawn:2:100", range(100, 102)),
        ("drawn::5", range(5, 5 + HELD_OUT)),
    ],
)
def test_drawn_pictures_are_asked_for_by_count_and_first_number(spec, numbers):
    pictures = open_source(spec)
    assert [row["name"] for row in pictures.rows] == [f"drawn_{number:04d}" for number in numbers]
    name, picture = next(iter(pictures))
    assert name == f"drawn_{numbers[0]:04d}"
    assert picture.tobytes() == draw(numbers[0]).tobytes()


def test_fruit_is_drawn_like_butterflies():
    fruit = open_source("fruit:2:7")
    assert fruit.label == "drawn fruit"
    assert [name for name, _ in fruit] == ["fruit_0007", "fruit_0008"]
    assert next(iter(fruit))[1].tobytes() == draw_fruit(7).tobytes() == open_picture("fruit:7").tobytes()


def test_a_drawn_picture_is_found_by_its_row_s_name():
    assert drawn_picture("fruit_10007").tobytes() == draw_fruit(10007).tobytes()
    assert drawn_picture("drawn_0003").tobytes() == draw(3).tobytes()
    for other in ("leeds_0003", "fruit_7", "fruit_0007.png", "fruit_" + 5000 * "7", "fruit_²²²²"):
        assert drawn_picture(other) is None


def test_some_pictures_of_a_source_are_had_without_opening_the_others(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    source = open_source(str(tmp_path))
    assert [name for name, _ in source.only({"a.png"})] == ["a.png"]
    with pytest.raises(Refusal, match=r"b\.png"):
        dict(source)


@pytest.mark.parametrize("rest", ["x", "0", "-3", "3:-5", "1:2:3", "2.5", "3:x", "²", " 3"])
def test_a_drawn_source_of_another_form_is_refused(rest, one_sentence):
    with pytest.raises(Refusal, match="drawn:COUNT") as refusal:
        open_source(f"drawn:{rest}")
    one_sentence(refusal)


def test_the_pictures_of_a_folder_and_below_come_in_the_order_of_their_names(tmp_path):
    for name in ("c.PNG", "a.jpg", "b.gif", "d.tiff"):
        plain("red").save(tmp_path / name)
    (tmp_path / "LICENCE.md").write_text("not a picture")
    (tmp_path / "more").mkdir()
    plain(0).save(tmp_path / "more" / "hidden.png")
    source = open_source(str(tmp_path))
    assert [name for name, _ in source] == ["a.jpg", "b.gif", "c.PNG", "d.tiff", "more/hidden.png"]
    assert {picture.mode for _, picture in source} == {"RGB"}
    assert source.label == tmp_path.name


@pytest.mark.parametrize("spec", ["nowhere", "", "Drawn", "drown:3"])
def test_a_folder_that_is_not_there_is_refused(spec, tmp_path, monkeypatch, one_sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refusal) as refusal:
        open_source(spec)
    one_sentence(refusal)


def test_a_table_that_lies_in_a_folder_is_no_list_of_its_pictures(tmp_path):
    draw(1, 32).save(tmp_path / "one.png")
    (tmp_path / "metadata.csv").write_text("specimen,locality\n1,Ecuador\n")
    assert [name for name, _ in open_source(str(tmp_path))] == ["one.png"]


def test_a_folder_without_pictures_is_refused(tmp_path, one_sentence):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(Refusal, match="holds no picture") as refusal:
        open_source(str(tmp_path))
    one_sentence(refusal)


@pytest.mark.parametrize("name", ["[a] b", "c*?", "déjà"])
def test_a_folder_of_any_name_is_read(tmp_path, name):
    (tmp_path / name).mkdir()
    plain("red").save(tmp_path / name / "a.png")
    assert [name for name, _ in open_source(str(tmp_path / name))] == ["a.png"]


def parquet(path, rows, **features):
    path.parent.mkdir(exist_ok=True)
    datasets.Dataset.from_list(rows, features=datasets.Features(features)).to_parquet(path)


def test_parquet_files_are_read_in_order_from_their_column_of_pictures(tmp_path):
    text = datasets.Value("string")
    for number, colour in enumerate(("red", "lime")):
        rows = [{"name": colour, "photo": plain(colour)}, {"name": None, "photo": plain("blue")}]
        parquet(tmp_path / "set" / f"part-{number}.parquet", rows, name=text, photo=datasets.Image())
    source = open_source(str(tmp_path / "set"))
    assert source.label == "set"
    pictures = dict(source)
    assert list(pictures) == ["row 0000 red", "row 0001", "row 0002 lime", "row 0003"]
    assert [picture.getpixel((3, 3)) for picture in pictures.values()] == [
        (255, 0, 0),
        (0, 0, 255),
        (0, 255, 0),
        (0, 0, 255),
    ]
    alone = open_source(str(tmp_path / "set" / "part-1.parquet"))
    assert alone.label == "part-1"
    assert list(dict(alone)) == ["row 0000 lime", "row 0001"]


def test_parquet_files_that_other_tools_wrote_are_read_by_the_column_image(tmp_path):
    plain("red").save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "set").mkdir()
    pq.write_table(pa.table({"image": [data]}), tmp_path / "set" / "bytes.parquet")
    ((_, picture),) = open_source(str(tmp_path / "set"))
    assert picture.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("content", [b"", b"junk", None], ids=["empty", "junk", "no pictures"])
def test_a_parquet_file_without_pictures_is_refused(tmp_path, content, one_sentence):
    path = tmp_path / "set.parquet"
    if content is None:
        pq.write_table(pa.table({"text": ["a"]}), path)
    else:
        path.write_bytes(content)
    with pytest.raises(Refusal, match="“set”") as refusal:
        list(open_source(str(path)))
    one_sentence(refusal)


def test_a_parquet_file_that_is_not_there_is_refused(tmp_path, one_sentence):
    with pytest.raises(Refusal, match="“none”") as refusal:
        list(open_source(str(tmp_path / "none.parquet")))
    one_sentence(refusal)


def test_a_damaged_file_in_a_folder_is_refused_by_its_name(tmp_path, one_sentence):
    plain(0).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:50])
    with pytest.raises(Refusal, match=r"b\.png") as refusal:
        list(open_source(str(tmp_path)))
    one_sentence(refusal)


def test_a_hub_set_s_rows_become_pictures_with_names_of_their_own(hub):
    names = ["Apollo", "Apollo", None]
    rows = [
        {"image": plain(colour), "name": name, "taxonomy": "Papilionidae"}
        for colour, name in zip(("red", "lime", "blue"), names, strict=True)
    ]
    text = datasets.Value("string")
    asked = hub(rows, image=datasets.Image(), name=text, taxonomy=text)
    source = open_source("hub:huggan/smithsonian_butterflies_subset@abc")
    pictures = dict(source)
    assert asked == {
        "path": "huggan/smithsonian_butterflies_subset",
        "revision": "abc",
        "split": "train",
        "streaming": True,
    }
    assert list(pictures) == ["row 0000 Apollo", "row 0001 Apollo", "row 0002"]
    colours = [picture.getpixel((5, 5)) for picture in pictures.values()]
    assert colours == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert stack(list(pictures.values()), 8).shape == (3, 3, 8, 8)
    assert dict(source).keys() == pictures.keys()


def test_a_hub_set_says_which_version_it_is_and_under_which_licence(monkeypatch):
    features = datasets.Features(image=datasets.Image())
    rows = datasets.Dataset.from_list([{"image": plain("red")}], features).to_iterable_dataset()
    rows.info.license, rows.info.homepage = "cc0-1.0", "https://example.org"
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: rows)
    assert open_source("hub:a/b@main").card == {
        "kind": "Hub",
        "revision": "main",
        "licence": "cc0-1.0",
        "homepage": "https://example.org",
    }


def test_the_post_s_set_is_read_at_one_commit_unless_another_is_named(hub):
    asked = hub([{"image": plain("red")}], image=datasets.Image())
    open_source("hub:huggan/smithsonian_butterflies_subset")
    assert re.fullmatch("[0-9a-f]{40}", asked["revision"])
    open_source("hub:a/b")
    assert asked["revision"] is None


def test_a_transparent_picture_of_the_hub_lies_on_white(hub):
    hub([{"image": plain((0, 0, 0, 0), "RGBA")}], image=datasets.Image())
    ((_, picture),) = open_source("hub:a/b")
    assert picture.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("rows", "features"),
    [
        ([{"name": "text alone"}], {}),
        ([{"image": None, "name": "x"}], {"image": datasets.Image(), "name": datasets.Value("string")}),
        ([{"image": {"bytes": b"junk", "path": None}}], {"image": datasets.Image()}),
    ],
    ids=["no column", "no picture", "damaged"],
)
def test_a_hub_set_without_pictures_is_refused(hub, rows, features, one_sentence):
    hub(rows, **features)
    with pytest.raises(Refusal, match="a/b") as refusal:
        list(open_source("hub:a/b"))
    one_sentence(refusal)


def test_a_connection_lost_in_mid_stream_is_a_refusal(monkeypatch, one_sentence):
    def rows():
        yield {"image": plain("red")}
        raise ConnectionResetError("the line is dead")

    stream = datasets.IterableDataset.from_generator(rows, features=datasets.Features(image=datasets.Image()))
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: stream)
    pictures = iter(open_source("hub:a/b"))
    next(pictures)
    with pytest.raises(Refusal, match="a/b") as refusal:
        next(pictures)
    one_sentence(refusal)


@pytest.mark.parametrize("spec", ["hub:huggan/smithsonian_butterflies_subset", "hub:", "hub:a b"])
def test_the_hub_out_of_reach_is_told_in_a_sentence(spec, one_sentence):
    with pytest.raises(
        Refusal, match="go online, name a folder, or use the synthetic butterflies, drawn"
    ) as refusal:
        open_source(spec)
    one_sentence(refusal)


def test_one_picture_is_a_file_or_a_drawn_butterfly(tmp_path):
    plain("red").save(tmp_path / "a.png")
    assert open_picture(str(tmp_path / "a.png")).getpixel((0, 0)) == (255, 0, 0)
    assert open_picture("drawn:3").tobytes() == draw(3).tobytes()
    assert open_picture("drawn:7").tobytes() == draw(7).tobytes()
    draw(7, 16).save(tmp_path / "file.png")
    assert open_picture(str(tmp_path / "file.png")).tobytes() == draw(7, 16).tobytes()


@pytest.mark.parametrize("spec", ["drawn:x", "drawn:seven", "drawn:-1", "nowhere.png", "."])
def test_one_picture_that_is_not_there_is_refused(spec, tmp_path, monkeypatch, one_sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refusal) as refusal:
        open_picture(spec)
    one_sentence(refusal)


def test_the_held_out_are_16_and_the_same_in_any_order():
    names = [f"picture_{number}.png" for number in range(100)]
    held_out = hold_out(names)
    assert len(set(held_out)) == HELD_OUT == 16
    assert set(held_out) < set(names)
    assert hold_out(random.Random(1).sample(names, 100)) == held_out
    assert hold_out(names[:32]) == hold_out(names[31::-1])


@pytest.mark.parametrize("count", [0, 31])
def test_too_few_pictures_to_hold_16_out_are_refused(count, one_sentence):
    with pytest.raises(Refusal, match="at least 32") as refusal:
        hold_out([str(number) for number in range(count)])
    one_sentence(refusal)
