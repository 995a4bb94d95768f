"""Rows of data sets whose columns, rows or files are not as ours: read, or left out and told."""

import io
import logging
import zipfile

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import open_source, rows, sources

pytestmark = pytest.mark.slow


def png(colour):
    file = io.BytesIO()
    Image.new("RGB", (20, 16), colour).save(file, "PNG")
    return file.getvalue()


def colours(source):
    return {name: picture.getpixel((3, 3)) for name, picture in source}


RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.mark.parametrize("ending", ["parquet", "PARQUET"])
def test_rows_without_an_image_are_left_out_and_told(tmp_path, caplog, ending):
    caplog.set_level(logging.INFO, "lowlight_ddpm")
    images = [png("red"), None, png("blue"), b""]
    pq.write_table(pa.table({"image": images, "name": ["a", "b", None, "d"]}), tmp_path / f"part.{ending}")
    for spec in (tmp_path, tmp_path / f"part.{ending}"):
        source = open_source(str(spec))
        assert source.left_out == {}, "nothing has been looked at"
        assert colours(source) == {"row 0000 a": RED, "row 0002": BLUE}
        assert source.left_out == {"row 0001 b": "no image in it", "row 0003 d": "no image in it"}
    assert caplog.messages[-1] == (
        "Found 2 images in “part”; left out 2: row 0001 b (no image in it), row 0003 d (no image in it)."
    )


def test_a_set_that_is_not_read_to_its_end_says_how_far_it_was(tmp_path, caplog):
    caplog.set_level(logging.INFO, "lowlight_ddpm")
    pq.write_table(pa.table({"image": [png("red")] * 3}), tmp_path / "a.parquet")
    pictures = iter(open_source(str(tmp_path)))
    next(pictures)
    next(pictures)
    del pictures
    assert caplog.messages == [f"Found the first 2 images in “{tmp_path.name}”."]


@pytest.mark.parametrize(
    "columns",
    [
        {"img": [png("red")]},
        {"text": ["a"], "img": [{"bytes": png("red"), "path": "a.png"}]},
        {"text": ["a"], "photograph": [png("red")]},
        {"thumb": [png("blue")], "image": [png("red")]},
        {"blob": [png("blue")], "img": [{"bytes": png("red"), "path": None}]},
    ],
    ids=["img", "img with a path", "any of bytes", "image first", "img first"],
)
def test_the_column_of_images_is_found_whatever_it_is_called(tmp_path, columns):
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    assert colours(open_source(str(tmp_path))) == {"row 0000": RED}


def test_a_column_that_says_that_it_holds_images_goes_before_one_of_their_name(tmp_path):
    kinds = datasets.Features(image=datasets.Value("string"), photo=datasets.Image())
    rows = [{"image": "a caption", "photo": Image.new("RGB", (20, 16), "red")}]
    datasets.Dataset.from_list(rows, kinds).to_parquet(tmp_path / "a.parquet")
    assert colours(open_source(str(tmp_path))) == {"row 0000": RED}


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a.png", "here.png", "zip://here.png::here.zip"])
def test_a_table_s_address_is_neither_fetched_nor_opened(tmp_path, monkeypatch, address):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.png").write_bytes(png("blue"))
    images = [{"bytes": None, "path": address}, {"bytes": png("red"), "path": None}]
    (tmp_path / "set").mkdir()
    pq.write_table(pa.table({"image": images}), tmp_path / "set" / "a.parquet")
    monkeypatch.setattr(rows.Remote, "read", None)
    source = open_source(str(tmp_path / "set"))
    assert colours(source) == {"row 0001": RED}
    assert source.left_out == {"row 0000": "an address instead of an image"}


def test_parquet_and_other_files_beside_images_are_told(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    pq.write_table(pa.table({"image": [png("red")]}), tmp_path / "b.parquet")
    source = open_source(str(tmp_path))
    assert [name for name, _ in source] == ["a.png"]
    assert source.left_out == {"b.parquet": "beside image files"}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A folder that stands for a set of the Hub: it is opened by the same builder, and decoded in advance."""
    monkeypatch.setattr(sources, "_hub_is_known", lambda: True)
    load, folder = datasets.load_dataset, tmp_path / "set"
    folder.mkdir()
    monkeypatch.setattr(sources, "_FILES_OF_A_SET", str(folder))

    def load_dataset(name, revision, **how):
        found = load(str(folder), **how)
        return found.decode(num_threads=2)  # as the builder does for what it finds at hf://

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    monkeypatch.setattr(datasets.Image, "decode_example", None)  # nothing but `read` decodes
    return folder


def test_a_set_of_image_files_is_not_decoded_on_the_way(hub):
    for name, colour in (("a", "red"), ("b", "blue")):
        (hub / f"{name}.png").write_bytes(png(colour))
    assert colours(open_source("hub:a/b")) == {"row 0000": RED, "row 0001": BLUE}


def test_a_damaged_file_of_a_set_is_refused_by_read(hub, one_sentence):
    (hub / "a.png").write_bytes(png("red")[:40])
    with pytest.raises(Refusal, match="row 0000") as refusal:
        list(open_source("hub:a/b"))
    one_sentence(refusal)


def test_a_set_of_zips_is_read_from_within_them(hub):
    with zipfile.ZipFile(hub / "all.zip", "w") as archive:
        archive.writestr("in/a.png", png("red"))
        archive.writestr("in/b.png", png("blue"))
    source = open_source("hub:a/b")
    opened = list(source.rows)
    assert all(isinstance(row["image"], rows.Remote) for row in opened), "only what is looked at is fetched"
    assert colours(source) == {"row 0000": RED, "row 0001": BLUE}


@pytest.mark.parametrize(
    ("tables", "name"),
    [
        ({"metadata.csv": "file_name,name\na.png,Apollo\n"}, "row 0000 Apollo"),
        ({"metadata.csv": "specimen\n1\n"}, "row 0000"),
        ({"metadata.csv": "file_name\na.png\n", "metadata.jsonl": '{"file_name": "a.png"}\n'}, "row 0000"),
    ],
    ids=["a list", "not of images", "two kinds"],
)
def test_tables_in_a_set_of_image_files_are_lists_of_them_or_nothing(hub, tables, name):
    (hub / "a.png").write_bytes(png("red"))
    for file, text in tables.items():
        (hub / file).write_text(text)
    assert colours(open_source("hub:a/b")) == {name: RED}


def test_a_file_of_a_set_that_is_out_of_reach_or_too_large_is_refused(tmp_path, monkeypatch, one_sentence):
    monkeypatch.setattr(rows, "MAX_BYTES", 10)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.png", png("red"))
    for path, said in (
        (f"zip://a.png::{tmp_path}/a.zip", "larger than"),
        ("zip://a.png::/none.zip", "No set"),
    ):
        with pytest.raises(Refusal, match=said) as refusal:
            rows.Remote(path, "No set is here.").read("Row 0 of “a/b”")
        one_sentence(refusal)


@pytest.mark.parametrize("inside", ["", "zip://a.png::"])
@pytest.mark.parametrize("place", ["{}", "hf://datasets/c/d@main/{}", "hf://datasets/a/b@main/../{}"])
def test_a_row_names_no_file_of_this_machine_or_of_another_set(tmp_path, monkeypatch, hub, inside, place):
    monkeypatch.setattr(sources, "_FILES_OF_A_SET", "hf://datasets/{}@")
    secret = tmp_path / ("secret.zip" if inside else "secret.png")
    with zipfile.ZipFile(tmp_path / "secret.zip", "w") as archive:
        archive.writestr("a.png", png("red"))
    (tmp_path / "secret.png").write_bytes(png("red"))
    images = [
        {"bytes": None, "path": inside + place.format(secret)},
        {"bytes": png("blue"), "path": "a.png"},
    ]
    pq.write_table(pa.table({"image": images}), hub / "a.parquet")
    source = open_source("hub:a/b")
    assert colours(source) == {"row 0001": BLUE}
    assert source.left_out == {"row 0000": "an address instead of an image"}


def test_a_file_of_the_set_itself_is_fetched(hub, monkeypatch):
    place = "hf://datasets/a/b@main/a.png"
    monkeypatch.setattr(sources, "_FILES_OF_A_SET", "hf://datasets/{}@")
    monkeypatch.setattr(rows.Remote, "read", lambda remote, name: {place: png("red")}[remote.path])
    pq.write_table(pa.table({"image": [{"bytes": None, "path": place}]}), hub / "a.parquet")
    assert colours(open_source("hub:a/b")) == {"row 0000": RED}
