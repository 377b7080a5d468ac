"""Farm files: what they say, and which line is wrong."""

from pathlib import Path

import pytest

from mbench.core.errors import UsageError
from mbench.workflows.nightly.farm_file import parse_farm, read_farm_file

WHOLE = """\
project = "vision/detector"
branch = "main"
due = ["mon", "fri"]
results = "kept"
retry_minutes = 5

[window]
until = "06:30"
zone = "Europe/Berlin"

[phones.pixels]
profile = "pixel4"
count = 3
delegates = ["cpu", "gpu"]
spread = "share"
move = true

[phones.single]
device = "host"

[[measure]]
variants = ["mobilenet_v1_0.25_128_int8"]
models = [{ file = "models/mine.tflite", as = "mine" }]
threads = "1,4"

[[measure]]
sweep = ["alpha=0.25,0.5"]
groups = ["single"]

[settings]
runs = 3
min_secs = 1

[accuracy]
dataset = "digits"

[program]
flavour = "tflite"

[after]
command = ["./tell.sh", "--now"]
environment = { CHANNEL = "bench" }
"""


def refused(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_farm(text, source="farm.toml")
    return str(caught.value)


def changed(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


def test_all_that_it_can_say_is_read():
    farm = parse_farm(WHOLE, source="farm.toml")
    assert (farm.project, farm.branch, farm.due, farm.results) == ("vision/detector", "main", ["mon", "fri"], "kept")
    assert (str(farm.window.until), str(farm.window.zone_info())) == ("06:30:00", "Europe/Berlin")
    assert (farm.phones["pixels"].count, farm.phones["pixels"].spread, farm.phones["single"].device) == (
        3,
        "share",
        "host",
    )
    assert (farm.measure[0].models[0].as_, farm.measure[1].groups) == ("mine", ["single"])
    assert (farm.settings.runs, farm.settings.min_secs) == (3, 1.0)
    assert farm.after is not None
    assert farm.after.environment == {"CHANNEL": "bench"}


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('branch = "main"', 'brunch = "main"', 2, "brunch: unknown key. Did you mean 'branch'?"),
        ("count = 3", "cuont = 3", 13, "phones.pixels.cuont: unknown key. Did you mean 'count'?"),
        ("count = 3", 'count = "3"', 13, "phones.pixels.count: "),
        ("count = 3", "count = 0", 13, "phones.pixels.count: "),
        ("count = 3", "", 11, "phones.pixels: say count = N, or every = true"),
        ("count = 3", "count = 3\nevery = true", 11, "phones.pixels: say count = N, or every = true"),
        ('device = "host"', 'device = "host"\nevery = true', 18, "phones.single: count and every are of a profile's"),
        ('device = "host"', "", 18, "phones.single: a group has a profile or a device"),
        ('spread = "share"', 'spread = "some"', 15, "phones.pixels.spread: "),
        ('spread = "share"', 'spread = "every"', 11, "move is of spread"),
        ('threads = "1,4"', "threads = 4", 24, "measure.1.threads: "),
        ('groups = ["single"]', 'groups = ["singel"]', 1, "measure 2: unknown group 'singel'. Did you mean 'single'?"),
        ('sweep = ["alpha=0.25,0.5"]', "", 26, "measure.2: say what: variants, models, suite or sweep"),
        ('sweep = ["alpha=0.25,0.5"]', 'suite = "mobilenets/table-6"\nvariants = ["x"]', 26, "a suite stands alone"),
        ('as = "mine"', 'as = "mine", sha = "x"', 23, "measure.1.models.1.sha: unknown key"),
        ('as = "mine"', 'as = "../mine"', 23, "measure.1.models.1.as: "),
        ('as = "mine"', 'as = "mobilenet_v1_0.25_128_int8"', 23, "is a variant's own name"),
        ('profile = "pixel4"', 'profile = "host"', 11, 'this host is no phone: device = "host"'),
        ('device = "host"', 'device = "A#1"', 18, "a serial has no '#'"),
        ('until = "06:30"', 'until = "6:30"', 8, 'window.until: until is a time of day such as "06:00"'),
        ('until = "06:30"', 'until = "24:00"', 8, "window.until: "),
        ('until = "06:30"', 'until = "06:30"\nhours = 7', 7, 'window: say until = "06:00", or hours = 7'),
        ('until = "06:30"', "hours = 0", 8, "window.hours: "),
        ('zone = "Europe/Berlin"', 'zone = "Berlin"', 9, "window.zone: unknown time zone 'Berlin'"),
        ('zone = "Europe/Berlin"', 'zone = "../../etc/passwd"', 9, "window.zone: unknown time zone"),
        ('due = ["mon", "fri"]', 'due = ["monday"]', 3, "due.1: "),
        ('due = ["mon", "fri"]', "due = []", 3, "due: "),
        ('project = "vision/detector"', 'project = "a b"', 1, "project: "),
        ('project = "vision/detector"', "", 1, "project: is missing"),
        ('command = ["./tell.sh", "--now"]', 'command = "tell.sh"', 41, "after.command: "),
        ('CHANNEL = "bench"', '"A=B" = "bench"', 42, "after.environment.A=B"),
        ('CHANNEL = "bench"', 'CHANNEL = "a\\u0000b"', 42, "after.environment.CHANNEL: holds a NUL character"),
        ('"--now"', '"a\\u0000b"', 41, "after.command.2: holds a NUL character"),
        ('results = "kept"', 'results = "a\\u0000b"', 4, "results: holds a NUL character"),
        ("[program]", "[gat]", 37, "gat: unknown key. Did you mean 'gate'?"),
        ("[program]", "[gate]", 38, "gate.flavour: unknown key"),
        ("runs = 3", "runs = nan", 31, "settings.runs: "),
        ("[window]", "[window", 7, "Expected ']'"),
        ("count = 3", "count = 3\ncount = 3", 14, "overwrite"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old, new, line, words):
    said = refused(changed(old, new))
    assert said.startswith(f"farm.toml:{line}: "), said
    assert words in said
    assert said.endswith((".", "?")), said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('\n[phones.other]\ndevice = "host"\n', "device host is in two groups"),
        ('\n[phones.more]\nprofile = "pixel4"\nevery = true\n', "profile pixel4 is in two groups"),
        ('\n[[measure]]\nmodels = [{ file = "other.tflite", as = "mine" }]\n', "two files are called 'mine'"),
    ],
)
def test_what_does_not_fit_together_is_refused(text, words):
    assert words in refused(WHOLE + text)


def test_a_group_that_nothing_is_for_is_refused():
    text = WHOLE.replace('threads = "1,4"', 'threads = "1,4"\ngroups = ["single"]', 1)
    assert "no [[measure]] is for phones.pixels" in refused(text)


def test_paths_are_relative_to_the_file_and_nights_are_called_after_it(tmp_path):
    path = tmp_path / "nightly-pixels.toml"
    path.write_text(WHOLE, encoding="utf-8")
    file = read_farm_file(path)
    assert (file.name, file.results) == ("nightly-pixels", tmp_path / "kept")
    assert file.resolved("models/mine.tflite") == tmp_path / "models" / "mine.tflite"
    assert file.resolved("/models/mine.tflite") == Path("/models/mine.tflite")


def test_a_path_below_the_home_of_nobody_is_one_line(tmp_path):
    path = tmp_path / "farm.toml"
    path.write_text(WHOLE.replace('"kept"', '"~no-such-user/kept"'), encoding="utf-8")
    with pytest.raises(UsageError, match="nobody's home is known as ~no-such-user"):
        _ = read_farm_file(path).results


@pytest.mark.parametrize("name", ["a b.toml", ".toml", f"{'x' * 41}.toml", "ä.toml"])
def test_a_name_that_fits_no_file_of_ours_is_refused(tmp_path, name):
    (tmp_path / name).write_text(WHOLE, encoding="utf-8")
    with pytest.raises(UsageError, match="nights are called after their farm file"):
        read_farm_file(tmp_path / name)


@pytest.mark.parametrize(("data", "words"), [(None, "No such file"), (b"\xff", "utf-8"), (b"", "project: is missing")])
def test_what_cannot_be_read_is_one_line(tmp_path, data, words):
    path = tmp_path / "farm.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UsageError, match=words):
        read_farm_file(path)
