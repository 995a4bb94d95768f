"""Colours as their files mean them: profiles, PNG's and AVIF's numbers, EXIF, in order of precedence."""

import json
import struct
import zlib
from functools import partial
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from benchmarks import formats
from benchmarks.encoders import (
    ADOBE,
    ADOBE_ICC,
    BT2020,
    GREY_ICC,
    LINEAR_ICC,
    P3,
    P3_ICC,
    SRGB,
    SRGB_ICC,
    SRGB_PARAMETERS,
    adobe_exif,
    chrm,
    cicp,
    colours,
    encoded,
    gama,
    gamma_curve,
    greys,
    icc,
    iccp,
    image,
    levels,
    light,
    parametric_curve,
    png,
    power,
    saved,
    srgb_curve,
    table_curve,
    with_nclx,
)
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import colour, containers, read
from lowlight_ddpm.images.icc import BrokenProfile, Profile
from lowlight_ddpm.images.reading import converted_from

MADE = {one.name: one for one in formats.made()}
WANT, PLAIN = image(colours()), levels(colours())
IN_P3 = Image.fromarray(levels(encoded(P3, srgb_curve)))
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")


def off(data, want=WANT):
    return formats.difference(read(data), want)


@pytest.mark.parametrize("name", [name for name, one in MADE.items() if one.want])
def test_every_kind_of_input_is_read_as_it_is_meant(name):
    one = MADE[name]
    assert formats.difference(read(one.data), one.want) <= one.within


@pytest.mark.parametrize("name", [name for name, one in MADE.items() if not one.want])
def test_what_cannot_be_read_as_it_is_meant_is_refused_in_a_sentence(name, one_sentence):
    with pytest.raises(Refusal) as refusal:
        read(MADE[name].data, name)
    said = one_sentence(refusal)
    assert name in said
    assert not said.endswith("GIF or TIFF."), "a file of a known kind is called by it"


def test_the_table_is_printed_with_and_without_a_folder(tmp_path, capsys, monkeypatch):
    (tmp_path / "07-p3.png").write_bytes(MADE["P3.png"].data)
    WANT.save(tmp_path / "07-want.png")
    (tmp_path / "9-pq.png").write_bytes(MADE["PQ.png"].data)
    (tmp_path / "notes.txt").write_text("no input")
    monkeypatch.setattr(formats, "record", partial(formats.record, folder=tmp_path))
    assert formats.main(str(tmp_path))
    first, second = capsys.readouterr().out.splitlines()
    assert "1 of 1      07-p3.png (Display P3, converted to sRGB; " in first
    assert "1 of 1      9-pq.png (refused: 9-pq.png is a high-dynamic-range" in second
    assert [row["held"] for row in json.loads((tmp_path / "formats.json").read_bytes())["rows"]] == [1, 1]
    image(1 - colours()).save(tmp_path / "07-want.png")
    assert not formats.main(str(tmp_path))
    assert formats.main()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_an_image_says_what_it_was_converted_from_and_keeps_no_profile(kind):
    found = read(saved(IN_P3, kind, icc_profile=P3_ICC, **({"lossless": True} if kind == "WEBP" else {})))
    assert converted_from(found) == "Display P3"
    assert found.info == {"profile": "Display P3"}
    again = read(found)
    assert (converted_from(again), formats.difference(again, found)) == ("Display P3", 0)
    assert "icc_profile" not in Image.open(BytesIO(saved(found, "PNG"))).info
    assert converted_from(read(saved(WANT, "PNG"))) is None


def test_an_opened_image_is_read_as_its_file_is(tmp_path):
    for name in ("P3.jpg", "cICP-over-profile.png", "linear-16.png", "rgb-16-big.tif", "gamma-1.png"):
        (tmp_path / name).write_bytes(MADE[name].data)
        with Image.open(tmp_path / name) as opened:
            assert formats.difference(read(opened), read(tmp_path / name)) == 0
            opened.load()  # it is as good as before


def test_an_image_in_memory_is_converted_by_its_profile():
    opened = Image.open(BytesIO(MADE["P3.jpg"].data))
    opened.load()
    assert formats.difference(read(opened), WANT) <= formats.LOSSY


SRGB_KINDS = {
    "a table": SRGB_ICC,
    "a formula": icc("sRGB", parametric_curve(3, *SRGB_PARAMETERS), SRGB),
    "26 points": icc("c2", table_curve(light, 26), SRGB),
    "Little CMS": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
}


@pytest.mark.parametrize("profile", [SRGB_KINDS[kind] for kind in ("a table", "a formula", "Little CMS")])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_profile_of_srgb_leaves_every_pixel_as_it_is(kind, profile):
    noise = Image.fromarray(np.random.default_rng(0).integers(256, size=(64, 64, 3), dtype=np.uint8))
    tagged = read(saved(noise, kind, icc_profile=profile))
    assert formats.difference(tagged, read(saved(noise, kind))) == 0
    assert converted_from(tagged) is None


def test_a_profile_near_srgb_is_no_srgb():
    power_of_22 = icc("gamma 2.2", gamma_curve(2.2), SRGB)
    data = saved(Image.fromarray(levels(light(colours()) ** (1 / 2.2))), "PNG", icc_profile=power_of_22)
    assert converted_from(read(data)) == "gamma 2.2"
    assert off(data) <= 3


def test_little_cms_agrees_on_every_kind_of_curve():
    """The formulae here against a second implementation, over the whole cube, clipped colours included."""
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(64, 64, 3)
    for profile in (P3_ICC, ADOBE_ICC, icc("wide", parametric_curve(0, 1.8), BT2020)):
        theirs = ImageCms.profileToProfile(
            Image.fromarray(cube),
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
        assert off(saved(Image.fromarray(cube), "PNG", icc_profile=profile), theirs) <= 1


@pytest.mark.parametrize(
    ("function", "numbers"),
    [
        (0, (2.4,)),
        (1, (2.4, 0.9, 0.1)),
        (2, (2.4, 0.9, 0.05, 0.0)),
        (3, SRGB_PARAMETERS),
        (4, (*SRGB_PARAMETERS, 0.0, 0.0)),
    ],
)
def test_formulae_of_curves_are_those_of_little_cms(function, numbers):
    profile = icc("grey", parametric_curve(function, *numbers))
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    theirs = ImageCms.profileToProfile(
        ramp, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert off(saved(ramp, "PNG", icc_profile=profile), theirs) <= 2


BROKEN = {
    "cut in its tags": P3_ICC[:200],
    "cut in a curve": P3_ICC[:-20],
    "no profile": b"a profile",
    "empty": b"",
    "of a link": icc("link", gamma_curve(1.8), P3, device=b"link"),
    "of Lab": icc("lab", gamma_curve(1.8), P3, kind=b"Lab "),
    "of grey": GREY_ICC,
    "of inks": formats.press(),
    "without primaries": icc("none", gamma_curve(1.8), kind=b"RGB "),
    "of a curve that is none": icc("odd", b"junk" + bytes(12), P3),
    "of a formula that is none": icc("odd", parametric_curve(9, 1.0), P3),
    "of tables that are none": icc(
        "odd", b"", tables={b"A2B0": b"mft2" + bytes(60)}, kind=b"RGB ", pcs=b"Lab "
    ),
}


@pytest.mark.parametrize("profile", BROKEN.values(), ids=BROKEN)
def test_a_profile_that_is_broken_or_of_another_kind_reads_as_none(profile):
    for kind in ("PNG", "JPEG", "WEBP"):
        found = read(saved(WANT, kind, icc_profile=profile))
        assert formats.difference(found, read(saved(WANT, kind))) == 0
        assert converted_from(found) is None


def test_grey_with_a_profile_of_colours_reads_as_untagged():
    grey = Image.fromarray(levels(greys()))
    assert off(saved(grey, "PNG", icc_profile=P3_ICC), grey) == 0


def test_a_broken_profile_leaves_the_word_to_the_next_chunk():
    linear = levels(light(colours()), 16)
    assert off(png(linear, iccp(P3_ICC[:200]), gama(1))) <= 1
    assert off(png(linear, (b"iCCP", b"name\0\0no deflated data"), gama(1))) <= 1


def test_a_dark_gradient_of_16_bits_keeps_its_levels():
    """In 8 bits of linear light this would be five steps; from 16 it has every level of sRGB."""
    ramp = np.tile(np.linspace(0, 0.2, 256), (8, 1))
    tinted = np.stack([ramp, ramp * 0.9, ramp * 0.8], -1)
    found = read(png(levels(light(tinted), 16), iccp(LINEAR_ICC)))
    assert formats.difference(found, image(tinted)) <= 1
    assert len(np.unique(np.asarray(found)[..., 0])) >= 51


def test_numbers_stand_before_profiles_and_those_before_gamma():
    p3 = levels(encoded(P3, srgb_curve))
    assert off(png(p3, gama(1), chrm(ADOBE), iccp(P3_ICC), cicp(12, 13))) <= 2
    assert off(png(p3, iccp(P3_ICC), (b"sRGB", b"\0"), gama(1))) <= 2
    assert off(png(PLAIN, (b"sRGB", b"\0"), gama(1.8), chrm(P3))) == 0
    for unknown in ((2, 2, 0), (12, 13, 1), (99, 13, 0), (12, 10, 0)):
        assert off(png(p3, cicp(*unknown), iccp(P3_ICC))) <= 2


@pytest.mark.parametrize(
    ("numbers", "points", "curve", "name"),
    [
        ((12, 13), P3, srgb_curve, "Display P3"),
        ((12, 8), P3, lambda x: x, "Display P3, linear"),
        ((9, 14), BT2020, formats.bt709_curve, "BT.2020"),
        ((9, 13), BT2020, srgb_curve, "BT.2020, sRGB's curve"),
        ((1, 4), SRGB, power(2.2), "BT.709, gamma 2.2"),
    ],
)
def test_spaces_in_numbers_are_known_by_name(numbers, points, curve, name):
    found = read(png(levels(encoded(points, curve), 16), cicp(*numbers)))
    assert formats.difference(found, WANT) <= 1
    assert converted_from(found) == name


def test_a_narrow_range_is_widened():
    narrow = (16 + encoded(P3, srgb_curve) * 219) / 255
    assert off(png(levels(narrow, 16), cicp(12, 13, full=0))) <= 1


@pytest.mark.parametrize("points", [(0.3127, 0.329) * 4, (0, 0) * 4, (*SRGB[:2], *[0.5] * 6)])
def test_chromaticities_of_no_colours_say_nothing(points):
    assert off(png(PLAIN, chrm(points))) == 0
    assert off(png(PLAIN, (b"cHRM", b"short"), (b"gAMA", bytes(4)), (b"cICP", b"\1"))) == 0


@needs_avif
def test_an_avif_s_numbers_are_followed_unless_it_has_a_profile(one_sentence):
    options = {"quality": 100, "subsampling": "4:4:4"}
    plain = saved(IN_P3, "AVIF", **options)
    assert converted_from(read(with_nclx(plain, 12, 13))) == "Display P3"
    untagged = read(plain)
    for as_is in ((1, 13), (1, 1), (1, 6), (2, 2)):  # the second and third are what encoders of video write
        assert formats.difference(read(with_nclx(plain, *as_is)), untagged) == 0
    with pytest.raises(Refusal, match="high-dynamic-range") as refusal:
        read(with_nclx(plain, 9, 16))
    one_sentence(refusal)
    tagged = saved(IN_P3, "AVIF", icc_profile=P3_ICC, **options)
    assert converted_from(read(tagged)) == "Display P3"


def box(name, *parts):
    data = b"".join(parts)
    return struct.pack(">I", 8 + len(data)) + name + data


def test_the_numbers_are_those_of_the_main_image_and_not_of_another():
    def colr(primaries):
        return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, 13, 0, 0x80))

    ipco = box(b"ipco", colr(9), box(b"ispe", bytes(12)), colr(12))
    for wide in (False, True):
        number, index = (">I", ">H") if wide else (">H", ">B")
        entries = b"".join(
            struct.pack(number, item) + b"\1" + struct.pack(index, place) for item, place in ((1, 1), (7, 3))
        )
        ipma = box(b"ipma", bytes([wide, 0, 0, wide]), struct.pack(">I", 2), entries)
        pitm = box(b"pitm", bytes([wide, 0, 0, 0]), struct.pack(number, 7))
        meta = box(b"meta", bytes(4), pitm, box(b"iprp", ipco, ipma))
        file = box(b"ftyp", b"avif") + meta
        assert containers.nclx(BytesIO(file)) == (12, 13, 0, True)
        for end in range(len(file)):
            containers.nclx(BytesIO(file[:end]))  # whatever is cut off, it says something or nothing


@pytest.mark.parametrize("name", ["gamma-and-primaries.png", "cICP-over-profile.png"])
def test_a_png_that_is_cut_off_in_any_chunk_is_refused(name, one_sentence):
    data = MADE[name].data
    for end in range(8, data.index(b"IDAT")):
        with pytest.raises(Refusal) as refusal:
            read(data[:end], "cut.png")
        one_sentence(refusal)


def test_exif_s_adobe_rgb_is_followed_where_there_is_no_profile():
    adobe = Image.fromarray(levels(encoded(ADOBE, power(563 / 256))))
    best = {"quality": 100, "subsampling": 0, "exif": adobe_exif()}
    assert converted_from(read(saved(adobe, "JPEG", **best))) == "Adobe RGB"
    assert converted_from(read(saved(adobe, "WEBP", exif=adobe_exif(), lossless=True))) == "Adobe RGB"
    assert converted_from(read(saved(IN_P3, "JPEG", icc_profile=P3_ICC, **best))) == "Display P3"
    uncalibrated = Image.Exif()
    uncalibrated.get_ifd(0x8769)[0xA001] = 65535  # what is not sRGB, and not said to be Adobe RGB
    assert converted_from(read(saved(adobe, "JPEG", **{**best, "exif": uncalibrated.tobytes()}))) is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_that_is_converted_is_turned_too(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    plain = read(saved(WANT.crop((0, 0, 48, 24)), "PNG", exif=exif))
    in_p3 = read(saved(IN_P3.crop((0, 0, 48, 24)), "PNG", exif=exif, icc_profile=P3_ICC))
    assert formats.difference(in_p3, plain) <= 2
    deep = png(levels(colours()[:24], 16), (b"eXIf", exif.tobytes()[6:]))
    assert formats.difference(read(deep), plain) <= 1


def test_texts_and_profiles_over_a_mebibyte_keep_no_image_from_being_read():
    text = zlib.compress(b"words " * 2**20)
    for chunk in ((b"zTXt", b"a\0\0" + text), (b"iTXt", b"a\0\1\0en\0\0" + text)):
        assert off(png(PLAIN, chunk)) == 0
    large = icc("large P3", parametric_curve(3, *SRGB_PARAMETERS), P3, {b"priv": bytes(3 * 2**20)})
    assert off(png(np.asarray(IN_P3), iccp(large))) <= 2


def test_a_profile_that_inflates_without_end_is_none():
    assert off(png(PLAIN, (b"iCCP", b"a\0\0" + zlib.compress(bytes(2**26))))) == 0


def test_a_name_of_a_profile_is_one_short_line():
    odd = icc("P3\n\x07<b>" + "x" * 200, gamma_curve(1.8), P3)
    name = converted_from(read(saved(IN_P3, "PNG", icc_profile=odd)))
    assert name.startswith("P3 <b>xxx")
    assert len(name) <= 60
    assert name.isprintable()
    assert converted_from(read(saved(IN_P3, "PNG", icc_profile=icc("", gamma_curve(1.8), P3)))).startswith(
        "An ICC"
    )


def test_a_profile_made_for_hdr_is_refused():
    pq = icc("PQ", gamma_curve(2.2), BT2020, {b"cicp": b"cicp\0\0\0\0" + bytes([9, 16, 0, 1])})
    with pytest.raises(Refusal, match="high-dynamic-range"):
        read(saved(WANT, "PNG", icc_profile=pq))


def test_profiles_are_what_they_say():
    assert Profile(P3_ICC).kind == "RGB"
    assert np.allclose(Profile(P3_ICC).matrix(), colour._to_d50(P3), atol=1e-4)
    for broken in (b"", P3_ICC[:150], icc("abstract", gamma_curve(1), P3, device=b"abst")):
        with pytest.raises(BrokenProfile):
            Profile(broken)
