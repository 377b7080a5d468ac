"""The file of accepted changes: what it says, which line is wrong, what stays when something is added."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.errors import UsageError
from mbench.core.nights.acceptances import AcceptedChange
from mbench.core.nights.verdicts import FindingClass
from mbench.workflows.accepting.accept_file import (
    HEAD,
    format_entry,
    parse_accepted,
    read_accepted,
    stale_note,
    with_entries,
)

WHOLE = """\
# ours

[[accepted]]
workload = "detector"
delegate = "gpu"
threads = 4
device = "9A1"
class = "latency"
level = 14310
unit = "µs"
night = "n1"
night_date = 2026-11-29
because = "the new head"
who = "Ada"
date = 2026-11-30

[[accepted]]  # all of them
workload = "mobilenet_*"
model = "Pixel 4"
class = "size"
ratio = 1.1
night = "n1"
night_date = 2026-11-29
because = "metadata"
who = "Bo"
date = 2026-11-30
"""

LATENCY = AcceptedChange(
    workload="detector",
    delegate="gpu",
    threads=4,
    device="9A1",
    model=None,
    kind=FindingClass.LATENCY,
    level=14310.0,
    unit="µs",
    ratio=None,
    error_class=None,
    night="n1",
    night_date=date(2026, 11, 29),
    because="the new head",
    who="Ada",
    on=date(2026, 11, 30),
    line=3,
)


def refused(text):
    with pytest.raises(UsageError) as caught:
        parse_accepted(text, source="accepted.toml")
    return str(caught.value)


def test_entries_are_read_with_the_line_that_they_begin_in():
    first, second = parse_accepted(WHOLE, source="accepted.toml")
    assert first == LATENCY
    assert (second.workload, second.device, second.model, second.ratio, second.level, second.line) == (
        "mobilenet_*",
        None,
        "Pixel 4",
        1.1,
        None,
        17,
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('class = "latency"', 'class = "speed"', "accepted.toml:8: accepted.1.class: "),
        (
            'class = "latency"',
            'class = "lab"',
            "accepted.toml:8: accepted.1.class: lab cannot be accepted; what can is failed, ",
        ),
        ('who = "Bo"\n', "", "accepted.toml:17: accepted.2.who: is missing."),
        ('who = "Bo"', 'whom = "Bo"', "accepted.toml:25: accepted.2.whom: unknown key. Did you mean 'who'?"),
        ("level = 14310", "level = -1", "accepted.toml:9: accepted.1.level: "),
        ("level = 14310", "level = inf", "accepted.toml:9: accepted.1.level: "),
        (
            'class = "latency"\nlevel = 14310',
            'class = "accuracy"\nlevel = -1',
            "accepted.toml:3: accepted.1: a level in µs is not below 0.",
        ),
        ("level = 14310", "ratio = 1.1\nlevel = 1", "accepted.toml:3: accepted.1: say level, or ratio."),
        (
            'unit = "µs"',
            'unit = "ms"',
            "accepted.toml:3: accepted.1: the unit of a level is one of µs, bytes, KiB, %, nodes.",
        ),
        ('device = "9A1"\n', "", "accepted.toml:3: accepted.1: say whose cells they are: device, or model."),
        (
            'class = "size"',
            'class = "accuracy"',
            "accepted.toml:17: accepted.2: accuracy is accepted by its level, not by a ratio.",
        ),
        ('class = "size"', 'class = "failed"', "accepted.toml:17: accepted.2: a failure has no level."),
        ("threads = 4", "threads = 0", "accepted.toml:6: accepted.1.threads: "),
        ("threads = 4", "threads = ", "accepted.toml:6: "),
        (
            "[[accepted]]  # all",
            "[[acepted]]  # all",
            "accepted.toml:17: acepted: unknown key. Did you mean 'accepted'?",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old, new, said):
    assert old in WHOLE
    assert refused(WHOLE.replace(old, new, 1)).startswith(said)


@pytest.mark.parametrize("marker", ["<<<<<<< ours", "||||||| base", "=======", ">>>>>>> theirs"])
def test_a_conflict_marker_is_called_one(marker):
    text = WHOLE.replace('who = "Ada"', f'{marker}\nwho = "Ada"')
    sign = marker.split()[0]
    assert refused(text) == (
        f"accepted.toml:14: a conflict marker of git ({sign}): two branches changed the file. Keep the entries that "
        "are meant, and remove the markers."
    )


def test_a_line_of_other_signs_is_no_conflict_marker():
    assert len(parse_accepted(WHOLE.replace("# ours", "# ours\n#======\n# =======\n# <<<<<<<<"), source="a")) == 2


def test_nothing_is_accepted_where_there_is_no_file(tmp_path):
    assert read_accepted(tmp_path / "accepted.toml") == ()
    (tmp_path / "accepted.toml").mkdir()
    with pytest.raises(UsageError, match="could not read"):
        read_accepted(tmp_path / "accepted.toml")


def test_what_is_added_leaves_the_rest_byte_for_byte():
    added = with_entries(WHOLE, [LATENCY])
    assert added.startswith(WHOLE)
    assert len(parse_accepted(added, source="a")) == 3
    assert with_entries("# no end of line", []) == "# no end of line\n"
    assert with_entries("", [LATENCY]).startswith(f"{HEAD}\n[[accepted]]\nworkload = ")


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(
    texts,
    st.none() | texts,
    texts,
    st.floats(0, 1e9, allow_nan=False),
    st.sampled_from(["µs", "bytes", "KiB", "%", "nodes"]),
)
def test_an_entry_is_read_as_it_was_written(workload, delegate, because, level, unit):
    change = AcceptedChange(
        workload=workload,
        delegate=delegate,
        threads=None,
        device="9A1",
        model="P",
        kind=FindingClass.MEMORY,
        level=level,
        unit=unit,
        ratio=None,
        error_class=None,
        night="n1",
        night_date=date(2026, 11, 29),
        because=because,
        who=because,
        on=date(2026, 11, 30),
        line=1,
    )
    assert parse_accepted(format_entry(change), source="a") == (change,)


def test_the_example_of_the_module_is_a_file():
    import mbench.workflows.accepting.accept_file as module

    example = re.sub(r"^    ", "", module.__doc__.partition("\n\n")[2], flags=re.MULTILINE)
    (entry,) = parse_accepted(example, source="a")
    assert entry.level == 14310.0


def test_a_stale_entry_is_said_with_its_line():
    first, second = parse_accepted(WHOLE, source="a")
    assert stale_note("accepted.toml", first) == (
        "accepted.toml:3: latency of detector gpu on 9A1 was accepted on 2026-11-30 and is not found any more; remove "
        "the entry."
    )
    assert "size of mobilenet_* on all Pixel 4 was" in stale_note("accepted.toml", second)
