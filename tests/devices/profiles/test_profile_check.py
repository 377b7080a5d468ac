import pytest

from mbench.devices.profiles.check import check_profile, index_lines
from mbench.devices.profiles.profile import SHIPPED

GOOD = """\
name = "mine"
title = "Mine"
transport = "adb"
delegates = ["cpu"]
threads = 1

[match]
device = ["mine"]

[[clusters]]
name = "little"
cores = [0, 1]

[[clusters]]
name = "big"
cores = [2, 3]

[sources]
match = "its box"
"""


def check(text):
    return check_profile(text, source="mine.toml")


def test_a_good_profile_has_no_faults():
    assert check(GOOD) == ()


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_no_shipped_profile_has_faults(path):
    assert check_profile(path.read_text(encoding="utf-8"), source=path.name) == ()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('title = "Mine"', "title = ", "mine.toml:2: syntax: Invalid value"),
        ("cores = [2, 3]", "cores = [2 3]", "mine.toml:16: syntax: Unclosed array"),
        ("threads = 1", "threads = 0", "mine.toml:5: threads: Input should be greater than or equal to 1"),
        ("cores = [2, 3]", 'cores = [2, "x"]', "mine.toml:16: clusters.1.cores.1: Input should be a valid integer"),
        ('name = "big"\n', "", "mine.toml:14: clusters.1.name: Field required"),
        ('title = "Mine"\n', "", "mine.toml:1: title: Field required"),
        ("threads = 1", "threads = 1\nspeed = 3", "mine.toml:6: speed: Extra inputs are not permitted"),
        ('device = ["mine"]', 'serial = ["mine"]', "mine.toml:8: match.serial: Extra inputs are not permitted"),
        ("cores = [2, 3]", "cores = [1, 2]", "mine.toml:10: clusters: a core stands in two of them"),
        ('delegates = ["cpu"]', 'delegates = ["CPU !"]', "mine.toml:4: delegates.0: String should match pattern"),
    ],
)
def test_a_fault_is_reported_with_its_line(old, new, fault):
    (found,) = check(GOOD.replace(old, new))
    assert found.startswith(fault)


def test_every_fault_is_reported_in_the_order_of_the_lines():
    text = GOOD.replace("threads = 1", "threads = -1").replace("cores = [0, 1]", "cores = []")
    assert [line.split(": ")[0] for line in check(text)] == ["mine.toml:5", "mine.toml:12"]


def test_tables_of_one_name_are_told_apart():
    lines = index_lines(GOOD)
    assert (lines["clusters", 0, "cores"], lines["clusters", 1, "cores"], lines[("match",)]) == (12, 16, 7)
