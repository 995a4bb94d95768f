"""Folders and zip archives as people have them: every file is read, or left out with a line that says why."""

import logging
import os
import socket
import zipfile

import pytest
from PIL import Image

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import folders, open_picture, open_source
from lowlight_ddpm.images.pairs import DARK, LIT, find_pairs


def put(folder, *names, colour="red"):
    """Write small PNG files, whatever their names end in."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 16), colour).save(path, format="PNG")


def zipped(path, folder, *names, method=zipfile.ZIP_DEFLATED):
    """An archive of files of a folder, which are taken out of it."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            archive.write(folder / name, name)
            (folder / name).unlink()
    return path


def names(source):
    return [row["name"] for row in source.rows]


@pytest.mark.parametrize(
    "tables",
    [
        {"metadata.csv": "specimen,locality\n1,Ecuador\n"},
        {"metadata.csv": "file_name,name\nb.png,Brimstone\ngone.png,Apollo\n"},
        {"metadata.csv": "a\n", "metadata.jsonl": '{"b": 1}\n'},
        {"metadata.jsonl": "no JSON"},
        {"metadata.csv": b"\xff\xfe\0,"},
        {"sub/metadata.csv": ""},
    ],
    ids=["not of images", "a list", "two kinds", "broken", "no text", "below"],
)
def test_tables_beside_images_change_nothing_and_are_told(tmp_path, tables):
    put(tmp_path, "a.png", "sub/b.png")
    for name, text in tables.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    source = open_source(str(tmp_path))
    assert [name for name, _ in source] == ["a.png", "sub/b.png"]
    assert source.left_out == dict.fromkeys(tables, "not an image file that is read here")


def test_endings_in_any_case_are_read_in_the_order_of_the_names(tmp_path):
    files = ["A.PNG", "B.Jpeg", "c.avif", "d.TIF", "e.jpg"]
    put(tmp_path, *reversed(files))
    assert [name for name, _ in open_source(str(tmp_path))] == sorted(files)


def test_what_is_hidden_or_no_image_is_left_out_with_why(tmp_path, caplog):
    put(tmp_path, "a.png", "._a.png", ".b.png", "__MACOSX/c.png", ".cache/d.png", "e.ico", "__f.png", "g.EPS")
    (tmp_path / "notes.txt").write_text("a")
    source = open_source(str(tmp_path))
    assert names(source) == ["__f.png", "a.png"]
    assert source.left_out == {
        "._a.png": "a Mac's resource file",
        ".b.png": "a hidden file",
        ".cache": "a hidden folder",
        "__MACOSX": "a hidden folder",
        "e.ico": "not an image file that is read here",
        "g.EPS": "PostScript, a program that is never run here",
        "notes.txt": "not an image file that is read here",
    }
    (line,) = caplog.messages
    assert line.startswith(
        f"Found 2 images in “{tmp_path.name}”; left out 7: ._a.png (a Mac's resource file), "
    )
    assert caplog.records[0].levelno == logging.WARNING


def test_where_nothing_is_left_out_the_count_is_told_all_the_same(tmp_path, caplog):
    put(tmp_path, "a.png")
    caplog.set_level(logging.INFO, "lowlight_ddpm")
    open_source(str(tmp_path))
    assert caplog.messages == [f"Found 1 image in “{tmp_path.name}”."]


def test_one_line_names_a_few_of_many_and_stays_one_line():
    many = {f"{number}\n\x1b[31m.txt": "no" for number in range(20)}
    line = folders.summary("a\nb", 3, many, more=True)
    assert line.startswith("Found the first 3 images in “a?b”; left out 20: 0??[31m.txt (no), ")
    assert line.endswith(" (no), and 12 more.")
    assert line.isprintable()


@pytest.mark.parametrize("spec", ["~/photos", "~/photos.zip"])
def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch, spec):
    monkeypatch.setenv("HOME", str(tmp_path))
    put(tmp_path, "photos/a.png", "b.png")
    zipped(tmp_path / "photos.zip", tmp_path, "b.png")
    assert len(list(open_source(spec))) == 1
    assert open_picture("~/photos/a.png").size == (20, 16)


@pytest.mark.parametrize("spec", ["~nobody-of-this-name/photos", "~"])
def test_a_home_folder_that_is_not_there_is_refused(tmp_path, monkeypatch, spec, one_sentence):
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    with pytest.raises(Refusal, match="no folder") as refusal:
        open_source(spec)
    one_sentence(refusal)


def test_linked_folders_are_read_cycles_end_and_each_file_is_read_once(tmp_path):
    put(tmp_path, "set/z/deep.png", "set/own.png", "elsewhere/far.png")
    top = tmp_path / "set"
    (top / "a_link").symlink_to(top / "z")  # to what has a name of its own
    (top / "m_outside").symlink_to(tmp_path / "elsewhere")
    (top / "z" / "loop").symlink_to(top)
    (tmp_path / "elsewhere" / "back").symlink_to(top / "z")
    (top / "first.png").symlink_to(top / "z" / "deep.png")
    os.link(top / "own.png", top / "twice.png")
    source = open_source(str(top))
    assert [name for name, _ in source] == ["m_outside/far.png", "own.png", "z/deep.png"]
    assert source.left_out == {
        "first.png": "the same file as z/deep.png",
        "twice.png": "the same file as own.png",
    }


def test_what_would_never_end_or_fail_when_it_is_read_is_left_out(tmp_path, monkeypatch):
    put(tmp_path, "a.png")
    (tmp_path / "gone.png").symlink_to("nowhere")
    (tmp_path / "self.png").symlink_to("self.png")
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    monkeypatch.chdir(tmp_path)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as line:
        os.chdir(tmp_path)  # a socket's path is short
        line.bind("line.png")
    source = open_source(str(tmp_path))
    assert [name for name, _ in source] == ["a.png"]
    assert source.left_out == {
        "gone.png": "a link to nothing",
        "self.png": "a link to nothing",
        "pipe.png": "not a regular file",
        "line.png": "not a regular file",
    }


def test_a_folder_that_cannot_be_opened_is_told(tmp_path, monkeypatch):
    put(tmp_path, "a.png", "closed/b.png")
    scandir = os.scandir

    def guarded(folder):
        if folder.name == "closed":
            raise PermissionError(folder)
        return scandir(folder)

    monkeypatch.setattr(folders.os, "scandir", guarded)
    source = open_source(str(tmp_path))
    assert names(source) == ["a.png"]
    assert source.left_out == {"closed": "a folder that cannot be opened"}


@pytest.mark.parametrize("as_label", [False, True], ids=["file", "folder"])
def test_names_that_are_no_utf8_are_read_under_names_that_every_stream_can_carry(tmp_path, as_label):
    odd = os.fsdecode("Käfer\n".encode("latin-1"))
    folder = tmp_path / odd if as_label else tmp_path
    put(folder, f"{odd}.png", "Käfer.png")
    source = open_source(str(folder))
    assert [name for name, _ in source] == ["K\\xe4fer\n.png", "Käfer.png"]
    assert source.label == ("K\\xe4fer\n" if as_label else tmp_path.name)
    for text in (source.label, *names(source)):
        text.encode()


def test_two_names_that_are_one_as_text_are_one_image(tmp_path):
    put(tmp_path, os.fsdecode(b"\xe4.png"), "\\xe4.png")
    source = open_source(str(tmp_path))
    assert names(source) == ["\\xe4.png"]
    assert len(source.left_out) == 1


def test_a_refusal_of_an_odd_name_can_be_shown(tmp_path, one_sentence):
    odd = str(tmp_path / os.fsdecode(b"\xe4"))
    for opens in (open_source, open_picture):
        with pytest.raises(Refusal) as refusal:
            opens(odd)
        assert r"\xe4" in one_sentence(refusal)
        str(refusal.value).encode()
    assert str(Refusal("\ud800 stands for no byte.")) == r"\ud800 stands for no byte."


def test_zips_are_read_where_a_folder_has_no_image_file_of_its_own(tmp_path):
    put(tmp_path, "b.png", "in/a.png", "__MACOSX/in/._a.png", colour="blue")
    (tmp_path / "in" / "notes.txt").write_text("a")
    zipped(tmp_path / "two.ZIP", tmp_path, "b.png", "in/a.png", "__MACOSX/in/._a.png", "in/notes.txt")
    put(tmp_path, "c.png")
    zipped(tmp_path / "one.zip", tmp_path, "c.png", method=zipfile.ZIP_STORED)
    source = open_source(str(tmp_path))
    pictures = dict(source)
    assert list(pictures) == ["one.zip/c.png", "two.ZIP/b.png", "two.ZIP/in/a.png"]
    assert pictures["two.ZIP/b.png"].getpixel((3, 3)) == (0, 0, 255)
    assert source.left_out == {
        "__MACOSX": "a hidden folder",
        "two.ZIP/__MACOSX/in/._a.png": "a Mac's resource file",
        "two.ZIP/in/notes.txt": "not an image file that is read here",
    }
    alone = open_source(str(tmp_path / "two.ZIP"))
    assert (alone.label, [name for name, _ in alone]) == ("two", ["b.png", "in/a.png"])
    (tmp_path / "__MACOSX" / "in").rmdir()
    (tmp_path / "__MACOSX").rmdir()
    put(tmp_path, "own.png")
    beside = open_source(str(tmp_path))
    assert names(beside) == ["own.png"]
    assert beside.left_out == dict.fromkeys(("one.zip", "two.ZIP"), "beside image files")


def test_what_a_zip_should_not_hold_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "MAX_BYTES", 1000)
    put(tmp_path, "a.png")
    (tmp_path / "bomb.png").write_bytes(bytes(10**6))
    zipped(tmp_path / "x.zip", tmp_path, "a.png", "bomb.png")
    with zipfile.ZipFile(tmp_path / "x.zip", "a") as archive:
        archive.writestr("inner.zip", b"PK")
        archive.writestr("../../up.png", b"not unpacked to anywhere")
        archive.writestr("lzma.png", b"a", zipfile.ZIP_LZMA)
        archive.writestr("locked.png", b"a")
        archive.infolist()[-1].flag_bits |= 1
    source = open_source(str(tmp_path / "x.zip"))
    assert names(source) == ["../../up.png", "a.png"]
    assert source.left_out == {
        "bomb.png": "more than 0 MiB",
        "inner.zip": "packed twice: unpack the archive around it",
        "lzma.png": "packed by a method that is not known here",
        "locked.png": "encrypted",
    }


def test_a_zip_of_too_many_files_or_that_is_none_is_refused(tmp_path, monkeypatch, one_sentence):
    put(tmp_path, "a.png", "b.png")
    zipped(tmp_path / "full.zip", tmp_path, "a.png", "b.png")
    (tmp_path / "junk.zip").write_bytes(b"junk")
    monkeypatch.setattr(folders, "MAX_MEMBERS", 1)
    for name, said in (("full", "more than 1 files"), ("junk", "damaged")):
        with pytest.raises(Refusal, match=said) as refusal:
            open_source(str(tmp_path / f"{name}.zip"))
        one_sentence(refusal)
    with pytest.raises(Refusal, match="and others") as refusal:
        open_source(str(tmp_path))
    one_sentence(refusal)


def test_a_member_that_unpacks_to_other_bytes_than_it_says_is_refused_by_its_name(tmp_path, one_sentence):
    put(tmp_path, "a.png")
    path = zipped(tmp_path / "x.zip", tmp_path, "a.png", method=zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)
    with pytest.raises(Refusal, match=r"a\.png.*damaged") as refusal:
        list(open_source(str(path)))
    one_sentence(refusal)


def test_a_zip_that_has_changed_is_read_anew(tmp_path):
    put(tmp_path, "a.png", "b.png")
    path = zipped(tmp_path / "x.zip", tmp_path, "a.png")
    assert names(open_source(str(path))) == ["a.png"]
    zipped(path, tmp_path, "b.png")
    os.utime(path, ns=(1, 1))
    assert [name for name, _ in open_source(str(path))] == ["b.png"]


def test_pairs_pass_by_a_mac_s_files_and_take_endings_of_any_case(tmp_path, caplog):
    caplog.set_level(logging.INFO, "lowlight_ddpm")
    put(
        tmp_path, f"{DARK}/desk_div8.PNG", f"{DARK}/desk_div2.png", f"{DARK}/._desk_div8.PNG", f"{DARK}/a.zip"
    )
    put(tmp_path, f"{LIT}/desk_div8.png", f"{LIT}/._desk_div8.png", f"{LIT}/alone_div4.png")
    os.link(tmp_path / LIT / "desk_div8.png", tmp_path / LIT / "desk_div2.png")  # one lit photograph
    assert [(pair.name, pair.lit.name) for pair in find_pairs(tmp_path)] == [
        ("desk_div2", "desk_div2.png"),
        ("desk_div8", "desk_div8.png"),
    ]
    (line,) = caplog.messages
    assert line == (
        f"Found 2 pairs in “{tmp_path.name}”; left out 4: low/._desk_div8.PNG (a Mac's resource file), "
        "low/a.zip (pairs are image files), high/._desk_div8.png (a Mac's resource file), "
        "high/alone_div4.png (without a dark partner)."
    )


def test_pairs_in_the_home_folder_are_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    put(tmp_path, f"p/{DARK}/a_div2.png", f"p/{LIT}/a_div2.png")
    assert len(find_pairs("~/p")) == 1
