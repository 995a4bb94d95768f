"""What whoever serves the page may add to it: variants of a file, and networks from elsewhere."""

import shutil

import pytest

from lowlight_ddpm.diffusion.settings import run_settings
from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.images import draw
from lowlight_ddpm.images.gallery import drawn_gallery
from lowlight_ddpm.models import checkpoints
from lowlight_ddpm.ui import interface
from lowlight_ddpm.ui.api import endpoints
from lowlight_ddpm.ui.components import run_view
from lowlight_ddpm.ui.play.results import results
from lowlight_ddpm.ui.schedule import view
from lowlight_ddpm.ui.session import Picked, Session, Watched

pytestmark = pytest.mark.usefixtures("table")
PICTURE = Picked("mine", draw(1, 64))


@pytest.fixture
def elsewhere(untrained_page_root, tmp_path):
    """A pipeline's folder without a training record."""
    folder = shutil.copytree(untrained_page_root / "dim", tmp_path / "elsewhere")
    (folder / checkpoints.RECORD).unlink()
    return folder


def offered(page):
    return {
        name
        for block in page.blocks.values()
        for choice in getattr(block, "choices", None) or ()
        for name in choice[1:]
    }


def test_the_page_offers_what_its_owner_names_and_runs_it(monkeypatch, elsewhere):
    monkeypatch.setenv("LOWLIGHT_NETWORKS", str(elsewhere))
    assert "elsewhere" in offered(interface.build())
    restored, sampled = (
        Watched(run_settings(variant="elsewhere", mode=mode, steps=2), PICTURE)
        for mode in ("restore", "generate")
    )
    for watched in (restored, sampled):
        list(watched.walk())
        assert "data:image/png" in run_view.stage(watched, False, "")
        assert results(Session(drawn_gallery(), staged=watched, finished=watched))
    assert run_view.report(sampled.run)["target"] is None
    assert run_settings(variant=str(elsewhere)).variant == "elsewhere"  # and no record has its owner's path
    assert "not known" in view.table("elsewhere")
    assert {row["name"]: row["available"] for row in endpoints.variants()}["elsewhere"]


def test_weights_without_a_record_are_hashed_once_until_they_change(monkeypatch, elsewhere):
    name, hashed = checkpoints.offer(str(elsewhere)).name, []
    weights = elsewhere / checkpoints.WEIGHTS
    plain = checkpoints._sha256
    monkeypatch.setattr(checkpoints, "_sha256", lambda path: hashed.append(path) or plain(path))
    before = [checkpoints.record(name)["weights_sha256"] for _ in range(3)]
    assert hashed == [weights]
    weights.write_bytes(weights.read_bytes() + b" ")
    assert checkpoints.record(name)["weights_sha256"] not in before


def test_without_its_owner_s_word_no_folder_is_opened(monkeypatch, elsewhere, one_sentence):
    monkeypatch.delenv("LOWLIGHT_NETWORKS", raising=False)
    assert "elsewhere" not in offered(interface.build())
    monkeypatch.setattr(checkpoints, "open_network", lambda place: pytest.fail("a user's path was opened"))
    with pytest.raises(Refusal, match=r"There is no variant .* where LOWLIGHT_NETWORKS names it") as refusal:
        run_settings(variant=str(elsewhere))
    one_sentence(refusal)
    with pytest.raises(Exception, match="There is no variant"):
        next(endpoints.generate(str(elsewhere), *[None] * (len(endpoints._GENERATED) - 1)))


def test_a_network_that_cannot_be_offered_is_refused_as_the_page_starts(monkeypatch, one_sentence):
    monkeypatch.setenv("LOWLIGHT_NETWORKS", "/no/such/folder")
    with pytest.raises(SystemExit, match="There is no folder") as refusal:
        interface.build()
    one_sentence(refusal)


def test_the_page_knows_the_variants_of_a_file(monkeypatch, untrained_page_root, tmp_path):
    root = shutil.copytree(untrained_page_root, tmp_path / "checkpoints")
    (root / "dim").rename(root / "mine")
    (tmp_path / "mine.toml").write_text('[mine]\ntitle = "My own"\n')
    monkeypatch.setenv("LOWLIGHT_VARIANTS", str(tmp_path / "mine.toml"))
    available = checkpoints.available
    monkeypatch.setattr(checkpoints, "available", lambda: available(root=root))
    assert "mine" in offered(interface.build())
