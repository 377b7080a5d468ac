"""What `mbench doctor` says of folders that cannot be used: what is wrong, and the remedy for that."""

import json

import pytest

UNWRITABLE = "/proc/no folder for anyone"
"""Nobody makes folders in /proc, root neither; whom a folder's permissions do not bind."""


def bad(bare, **environment: str) -> dict[str, dict[str, str]]:
    done = bare("doctor", "--json", **environment)
    assert done.returncode == 3, done.stderr
    return {one["what"]: one for one in json.loads(done.stdout) if one["state"] == "bad"}


@pytest.mark.parametrize(
    ("below", "said"), [("", "it is no folder"), ("/deeper/still", "is no folder")], ids=["itself", "on the way"]
)
def test_a_home_that_is_a_file_is_not_well(bare, tmp_path, below, said):
    file = tmp_path / "a file"
    file.touch()
    found = bad(bare, MBENCH_HOME=f"{file}{below}")
    assert (said in found["cache"]["found"], "let MBENCH_HOME name" in found["cache"]["remedy"]) == (True, True)


def test_results_that_are_a_file_are_not_well(bare, tmp_path):
    file = tmp_path / "a file"
    file.touch()
    assert "MBENCH_RESULTS" in bad(bare, MBENCH_RESULTS=str(file))["results"]["remedy"]


def test_a_home_that_cannot_be_written_is_mended_by_no_new_installation(bare):
    found = bad(bare, MBENCH_HOME=UNWRITABLE)
    assert set(found) == {"cache", "program"}
    assert all("MBENCH_HOME" in one["remedy"] and "pip" not in one["remedy"] for one in found.values())


def doubts(bare, home) -> list[str]:
    done = bare("doctor", "--json", MBENCH_HOME=str(home))
    return [one["found"] for one in json.loads(done.stdout) if (one["what"], one["state"]) == ("cache", "doubtful")]


@pytest.mark.parametrize(("mode", "said"), [(0o777, True), (0o1777, True), (0o775, False), (0o700, False)])
def test_a_home_that_everybody_may_write_is_doubtful(bare, tmp_path, mode, said):
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(mode)
    assert doubts(bare, home) == [f"{home}: everybody may write there, and so decides what mbench starts"] * said
