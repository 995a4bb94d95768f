"""A short form of `make load`: a crowd is served as one is, stops free the queue, nothing piles up."""

import pytest

from benchmarks import load
from benchmarks.tiny import save_tiny
from lowlight_ddpm.images import draw


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server, its checkpoints, and a picture."""
    folder = tmp_path_factory.mktemp("load")
    root, picture = save_tiny(folder / "checkpoints", load.VARIANTS), folder / "picture.png"
    draw(3, 64).save(picture)
    with load.loaded(root, folder) as server:
        yield server, root, picture


PARTS = {
    "at once": lambda server, root, picture: load.at_once(server, root, picture, users=4, runs=2),
    "stopping": lambda server, root, picture: load.stopping(server, picture, users=4),
    "slow uploads": lambda server, root, picture: load.slow_uploads(server, root, picture, count=6),
    "in a row": lambda server, root, picture: load.in_a_row(server, picture, count=20),
}


@pytest.mark.parametrize("part", PARTS)
def test_what_many_users_do_holds(served, part):
    for row in PARTS[part](*served):
        assert row["held"] == row["tried"] > 0, row


def test_another_run_is_not_taken_for_the_same(served):
    server, root, picture = served
    client = load._client(server)
    one, other = load._wishes(0, 2)
    path = load._asked(client, picture, one)
    assert load._same(path, root, one)
    assert not load._same(path, root, other)
