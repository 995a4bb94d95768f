"""Which decoders a file can reach: those of the list, and no program; what is refused is told what it is."""

import ast
import hashlib
import os
import stat
import subprocess
import sys
import types
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, features

from benchmarks.encoders import colours, greys, image, levels, png, saved
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw, formats, open_picture, open_source, photometry, read, square
from lowlight_ddpm.paths import REPOSITORY

pytestmark = pytest.mark.slow  # it starts processes, to see what they start

EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 40 40
%%EndComments
0 0 40 40 rectfill
showpage
%%EOF
"""


@pytest.fixture
def ghostscript(tmp_path, monkeypatch):
    """A `gs` on the PATH that leaves a file behind if anything starts it; gives that file's path."""
    trace, program = tmp_path / "started", tmp_path / "bin" / "gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return trace


def run_apart(program, *arguments):
    """Pillow looks for Ghostscript once in a process, so that each try has one of its own."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)


READ = """
import sys
from pathlib import Path
from PIL import Image
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import open_picture, open_source, read
for path in sys.argv[1:]:
    ways = [
        lambda: read(path), lambda: read(Path(path).read_bytes()), lambda: open_picture(path),
        lambda: read(Image.open(path)), lambda: list(open_source(str(Path(path).parent))),
    ]
    for way in ways:
        try:
            way()
        except Refusal as refusal:
            print(refusal)
"""


def test_postscript_is_refused_however_it_comes_and_no_program_starts(ghostscript, tmp_path):
    paths = []
    binary = b"\xc5\xd0\xd3\xc6\x1e\0\0\0" + len(EPS).to_bytes(4, "little") + bytes(18)
    for number, (name, head) in enumerate([("drawing.eps", b""), ("photo.jpg", b""), ("photo.png", binary)]):
        paths.append(tmp_path / str(number) / name)
        paths[-1].parent.mkdir()
        paths[-1].write_bytes(head + EPS)
    done = run_apart(READ, *paths)
    said = done.stdout.splitlines()
    assert len(said) == 5 * len(paths), done.stderr
    assert all("PostScript" in line or "EPS" in line for line in said)
    assert not ghostscript.exists()


def test_the_stand_in_would_tell(ghostscript, tmp_path):
    """Without a list Pillow does start it: the test above can fail."""
    (tmp_path / "photo.jpg").write_bytes(EPS)
    run_apart("import sys; from PIL import Image; Image.open(sys.argv[1]).load()", tmp_path / "photo.jpg")
    assert ghostscript.exists()


def test_every_place_that_opens_an_image_names_the_formats():
    opens = []
    for path in sorted(REPOSITORY.glob("lowlight_ddpm/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Image.open", "PIL.Image.open"):
                opens.append((path.name, [keyword.arg for keyword in node.keywords]))
    assert len(opens) >= 3
    assert all("formats" in keywords for _, keywords in opens), opens


def test_data_sets_decode_nothing():
    """Whatever `datasets` holds as images comes undecoded, so that read's list is the only one."""
    sources = [path.read_text() for path in (REPOSITORY / "lowlight_ddpm" / "images").glob("*.py")]
    assert any("Image(decode=False)" in source for source in sources)
    assert not any("decode=True" in source for source in sources)


@pytest.mark.parametrize("kind", ["PCX", "TGA", "ICO", "SGI", "IM", "DDS", "SPIDER", "MSP", "XBM"])
def test_formats_that_are_not_on_the_list_are_not_tried(kind, one_sentence):
    picture = image(colours()).convert({"MSP": "1", "XBM": "1", "SPIDER": "F"}.get(kind, "RGB"))
    data = saved(picture, kind)
    with pytest.raises(Refusal, match="choose a PNG") as refusal:
        read(data)
    one_sentence(refusal)
    opened = Image.open(BytesIO(data))
    if getattr(opened, "tile", None):
        with pytest.raises(Refusal, match=f"format {opened.format}"):
            read(opened)
        opened.load()
        assert read(opened).size == (48, 48), "what is in memory already runs nothing"


def test_the_list_is_what_it_says():
    assert set(formats.FORMATS) <= set(Image.registered_extensions().values()) | {"AVIF"}
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "PPM"):
        assert read(saved(image(colours()), kind)).size == (48, 48)


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)


def test_heic_is_refused_by_name_with_what_to_do(monkeypatch, one_sentence):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    formats.reads_heif.cache_clear()
    with pytest.raises(Refusal, match="HEIC") as refusal:
        read(HEIC)
    assert "pillow-heif" in one_sentence(refusal)
    formats.reads_heif.cache_clear()


def test_heic_is_read_where_its_plugin_is_installed(monkeypatch):
    """A stand-in for pillow-heif, which registers itself with Pillow in the same way."""

    class HeifImageFile(ImageFile.ImageFile):
        format = "HEIF"

        def _open(self):
            self._mode, self._size = "RGB", (16, 16)

        def load(self):
            self.im = Image.new("RGB", self.size, (10, 20, 30)).im
            return super(ImageFile.ImageFile, self).load()

    def register():
        Image.register_open("HEIF", HeifImageFile, lambda prefix: prefix[4:12] == b"ftypheic")

    plugin = types.ModuleType("pillow_heif")
    plugin.register_heif_opener = register
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    formats.reads_heif.cache_clear()
    assert read(HEIC).getpixel((0, 0)) == (10, 20, 30)
    Image.OPEN.pop("HEIF")
    Image.ID.remove("HEIF")
    formats.reads_heif.cache_clear()


def as_before(data):
    """What `read` made of an untagged image before it knew of colours: Pillow's own conversions."""
    picture = Image.open(BytesIO(data))
    picture.load()
    if picture.mode.startswith("I"):
        values = np.asarray(picture, np.float64) / 65535 * 255
        picture = Image.fromarray(values.round().astype(np.uint8))
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
    return picture.convert("RGB")


def untagged():
    noise = np.random.default_rng(0).integers(256, size=(64, 64, 4), dtype=np.uint8)
    picture = Image.fromarray(noise)
    for kind in ("PNG", "TIFF", "WEBP", *(["AVIF"] if features.check("avif") else [])):
        for mode in ("RGB", "RGBA"):
            yield f"{kind} {mode}", saved(picture.convert(mode), kind)
    for mode in ("L", "LA", "P", "1"):
        yield f"PNG {mode}", saved(picture.convert("RGB").convert(mode), "PNG")
    for mode in ("RGB", "L", "CMYK"):
        yield f"JPEG {mode}", saved(picture.convert("RGB").convert(mode), "JPEG")
    yield "GIF", saved(picture.convert("RGB"), "GIF")
    yield "16-bit grey", png(levels(greys(), 16))


@pytest.mark.parametrize(
    ("name", "data"), list(untagged()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_untagged_image_is_read_byte_for_byte_as_before(name, data):
    assert read(data).tobytes() == as_before(data).tobytes()


def test_the_digest_of_a_folder_s_images_does_not_change(tmp_path):
    """By it checkpoints know the images that they were trained on."""
    for number in range(4):
        draw(number, 64).save(tmp_path / f"{number}.png")
    pixels = [square(picture, 32) for _, picture in open_source(str(tmp_path))]
    direct = [square(draw(number, 64), 32) for number in range(4)]
    digest = hashlib.sha256(b"".join(each.numpy().tobytes() for each in direct)).hexdigest()
    assert [photometry.digest(each) for each in pixels] == [photometry.digest(each) for each in direct]
    assert hashlib.sha256(b"".join(each.numpy().tobytes() for each in pixels)).hexdigest() == digest
    assert open_picture(str(Path(tmp_path / "0.png"))).tobytes() == draw(0, 64).tobytes()
