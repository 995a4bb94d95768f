"""Lines of results: whole or ignored, the newest counts, and any number of processes write them."""

import errno
import json
import multiprocessing
import os
import time

import pytest

from lowlight_ddpm.errors import Refusal
from lowlight_ddpm.study import store

fork = multiprocessing.get_context("fork")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results" / "dim.jsonl"


def test_a_line_has_its_kind_its_key_and_what_was_reported(path):
    assert store.record(path, "noise", "a") is None
    store.append(path, "noise", "a", {"rows": [{"mean": 1.5}], "name": "blåbær"})
    assert store.record(path, "noise", "a") == {
        "kind": "noise",
        "key": "a",
        "rows": [{"mean": 1.5}],
        "name": "blåbær",
    }
    assert store.record(path, "noise", "b") is store.record(path, "colour", "a") is None
    assert path.read_text().count("\n") == 1


def test_the_newest_of_a_kind_and_key_counts(path):
    for key, value in (("a", 1), ("b", 2), ("a", 3)):
        store.append(path, "noise", key, {"value": value})
    store.append(path, "colour", "a", {"value": 4})
    assert store.record(path, "noise", "a")["value"] == 3
    assert [(one["key"], one["value"]) for one in store.records(path.parent, "noise")] == [("a", 3), ("b", 2)]


def test_the_order_of_records_is_that_of_files_and_keys_not_of_writing(path):
    for name, key in (("dim-deep", "x"), ("dim", "b"), ("bright", "c"), ("dim", "a")):
        store.append(path.with_name(f"{name}.jsonl"), "noise", key, {"of": name})
    found = [(one["of"], one["key"]) for one in store.records(path.parent, "noise")]
    assert found == [("bright", "c"), ("dim", "a"), ("dim", "b"), ("dim-deep", "x")]


@pytest.mark.parametrize("left", [1, 20, -2])
def test_a_torn_last_line_is_ignored_and_gone_after_the_next(path, left):
    store.append(path, "noise", "a", {"value": 1})
    whole = path.read_bytes()
    store.append(path, "noise", "a", {"value": 2})
    path.write_bytes(path.read_bytes()[: len(whole) + left if left > 0 else left])
    assert store.record(path, "noise", "a")["value"] == 1
    assert [one["value"] for one in store.records(path.parent, "noise")] == [1]
    store.append(path, "noise", "b", {"value": 3})
    assert path.read_bytes().startswith(whole)
    assert [json.loads(line)["value"] for line in path.read_text().splitlines()] == [1, 3]


def test_a_last_line_that_lacks_its_end_alone_is_kept(path):
    """As a process leaves it that is killed one byte too early, and many an editor."""
    store.append(path, "noise", "a", {"value": 1})
    path.write_bytes(path.read_bytes()[:-1])
    assert store.record(path, "noise", "a")["value"] == 1
    store.append(path, "noise", "b", {"value": 2})
    assert [one["value"] for one in store.records(path.parent, "noise")] == [1, 2]


def test_a_damaged_line_within_a_file_is_named(path):
    for key in "abc":
        store.append(path, "noise", key, {"value": 1})
    first, second, third = path.read_text().splitlines()
    path.write_text("\n".join([first, second[7:], third, ""]))
    with pytest.raises(Refusal, match=r"Line 2 of .*dim\.jsonl is not a result: .*restore the file"):
        store.record(path, "noise", "a")


def test_a_full_disk_is_said_and_what_was_there_counts(path):
    """A file of limited size, in a process of its own, since the limit is one for all files."""
    store.append(path, "noise", "a", {"value": 1})

    def fill():
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
        try:
            store.append(path, "noise", "a", {"value": "x" * 1000})
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)

    process = fork.Process(target=fill)
    process.start()
    process.join()
    assert process.exitcode in (errno.ENOSPC, errno.EFBIG)
    assert path.stat().st_size == 500
    assert store.record(path, "noise", "a")["value"] == 1


def write(path, name, count):
    for number in range(count):
        store.append(path, "noise", f"{name}-{number}", {"value": "x" * 5000})


def test_two_processes_append_at_once_and_no_line_is_lost(path):
    writers = [fork.Process(target=write, args=(path, name, 40)) for name in "ab"]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert all(len(one["value"]) == 5000 for one in store.records(path.parent, "noise")), "half a line"
    assert [writer.exitcode for writer in writers] == [0, 0]
    found = [json.loads(line)["key"] for line in path.read_text().splitlines()]
    assert sorted(found) == sorted(f"{name}-{number}" for name in "ab" for number in range(40))
    assert [key for key in found if key[0] == "a"] == [f"a-{number}" for number in range(40)]


def test_a_writer_that_is_killed_leaves_whole_lines_and_a_lock_that_is_free(path):
    whole = 0
    for turn in range(6):
        writer = fork.Process(target=write, args=(path, turn, 10_000))
        writer.start()
        while not store.lines(path, "noise").keys() & {f"{turn}-1"}:
            time.sleep(0.001)
        writer.kill()
        writer.join()
        lines = list(store.records(path.parent, "noise"))
        assert all(len(one["value"]) == 5000 for one in lines)
        assert len(lines) > whole
        whole = len(lines)
    store.append(path, "noise", "last", {})
    assert len(store.lines(path, "noise")) == whole + 1
    assert all(map(json.loads, path.read_text().splitlines()))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.23456789, 1.234568), (0.000123456789, 0.0001234568), (0.0, 0.0), (3, 3), (None, None), ("x", "x")],
)
def test_floats_keep_seven_digits(path, value, expected):
    store.append(path, "noise", "a", {"rows": [{"value": value}]})
    assert store.record(path, "noise", "a")["rows"][0]["value"] == expected
