"""What keeps results apart, fact by fact, and how a heading says it."""

import string
from dataclasses import FrozenInstanceError, fields, replace

import pytest
import sample_results as sample

from mbench.core.results import JobResult
from mbench.core.workloads import RunSettings
from mbench.report.results.conditions.provenance import (
    comparable,
    differing,
    fingerprint,
    format_clocks,
    format_companions,
    format_cpus,
    format_settings,
    group_by_provenance,
)

SETTINGS = RunSettings(warmup_runs=5, warmup_min_secs=0.25, num_runs=50, min_secs=0.5, max_secs=60)


def measured(part: str, **changes) -> JobResult:
    """Return the sample's result with other facts in one part of it."""
    result = sample.result(rules=sample.RULES.model_copy(update={"cpus": (2, 3)}))
    return result.model_copy(update={part: getattr(result, part).model_copy(update=changes)})


def with_settings(**changes) -> JobResult:
    return sample.result(workload=sample.workload(settings=SETTINGS.model_copy(update=changes)))


PLAIN = sample.result()
FACTS = [
    ("profile", measured("device", profile="desk"), "profile host", "profile desk"),
    ("model", measured("device", model="i7"), "model i5-1240P", "model i7"),
    ("model", measured("device", model=None), "model i5-1240P", "model ?"),
    ("soc", measured("device", soc="Tensor"), "SoC ?", "SoC Tensor"),
    ("cores", measured("device", cores=8), "16 cores", "8 cores"),
    ("cores", measured("device", cores=0), "16 cores", "0 cores"),
    ("cores", measured("device", cores=None), "16 cores", "? cores"),
    ("os", measured("device", os="Debian 13"), "Debian 12", "Debian 13"),
    ("os", measured("device", os=None), "Debian 12", "OS ?"),
    ("abi", measured("device", abi="arm64-v8a"), "ABI x86_64", "ABI arm64-v8a"),
    ("abi", measured("device", abi=None), "ABI x86_64", "ABI ?"),
    ("invented", measured("device", invented=True), "measured latencies", "synthetic latencies"),
    ("build", measured("device", build="6.2"), "build 6.1.0", "build 6.2"),
    ("build", measured("device", build=None), "build 6.1.0", "build ?"),
    ("tool", measured("binary", tool="tflite"), "hostbench", "tflite"),
    ("binary", measured("binary", sha256="0123456789abcdef" * 4), "binary bbbbbbbbbbbb", "binary 0123456789ab"),
    ("runtime", measured("binary", runtime="2.4"), "runtime 2.3.0", "runtime 2.4"),
    ("runtime", measured("binary", runtime=None), "runtime 2.3.0", "runtime ?"),
    (
        "companions",
        measured("binary", companions={"b.so": "d" * 64, "a.so": "c" * 64}),
        "no libraries beside it",
        "with a.so cccccccccccc, b.so dddddddddddd",
    ),
    ("cpus", measured("rules", cpus=None), "pinned to cores 2, 3", "not pinned"),
    ("clocks", measured("rules", governor="powersave"), "clocks as they were", "governor powersave"),
    ("mbench", measured("provenance", mbench="0.2.0"), "mbench 0.1", "mbench 0.2"),
]
ALIKE = {
    "host": measured("provenance", host="laptop"),
    "git": measured("provenance", git="fedcba9"),
    "command": measured("provenance", command=("mbench", "run", "--quick")),
    "patch release": measured("provenance", mbench="0.1.9"),
    "memory": measured("device", memory_kib=1),
    "path": measured("binary", path="/elsewhere"),
    "runs": measured("rules", min_runs=5),
    "seed": measured("rules", seed=8),
    "session": sample.result(session="later"),
    "variant": sample.result("another", medians_us=[1, 2, 3]),
    "threads": sample.result(workload=sample.workload(threads=4)),
}


@pytest.mark.parametrize(("name", "other", "said", "said_of_the_other"), FACTS)
def test_a_fact_that_differs_keeps_two_results_apart_and_is_named(name, other, said, said_of_the_other):
    groups = group_by_provenance([PLAIN, other])
    assert [group.heading for group in groups] == [f"workstation; {said}", f"workstation; {said_of_the_other}"]
    assert [group.results for group in groups] == [(PLAIN,), (other,)]
    keys = [comparable(result) for result in (PLAIN, other)]
    assert [group.key for group in groups] == keys
    assert differing(keys) == (name,)
    assert fingerprint(keys[0]) != fingerprint(keys[1])


@pytest.mark.parametrize("other", ALIKE.values(), ids=ALIKE.keys())
def test_other_facts_do_not(other):
    (group,) = group_by_provenance([PLAIN, other])
    assert (group.heading, group.results) == (None, (PLAIN, other))
    assert fingerprint(comparable(PLAIN)) == fingerprint(comparable(other)) == fingerprint(group.key)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"warmup_runs": 6}, "warm-up ≥ 6 inferences and ≥ 0.25 s, measured ≥ 50 and ≥ 0.5 s, at most 60 s each"),
        ({"warmup_min_secs": 1}, "warm-up ≥ 5 inferences and ≥ 1 s, measured ≥ 50 and ≥ 0.5 s, at most 60 s each"),
        ({"num_runs": 51}, "warm-up ≥ 5 inferences and ≥ 0.25 s, measured ≥ 51 and ≥ 0.5 s, at most 60 s each"),
        ({"min_secs": 2}, "warm-up ≥ 5 inferences and ≥ 0.25 s, measured ≥ 50 and ≥ 2 s, at most 60 s each"),
        ({"max_secs": 7}, "warm-up ≥ 5 inferences and ≥ 0.25 s, measured ≥ 50 and ≥ 0.5 s, at most 7 s each"),
    ],
)
def test_settings_that_differ_are_said_in_full(changes, said):
    headings = [group.heading for group in group_by_provenance([with_settings(), with_settings(**changes)])]
    plain = "warm-up ≥ 5 inferences and ≥ 0.25 s, measured ≥ 50 and ≥ 0.5 s, at most 60 s each"
    assert headings == [f"workstation; {plain}", f"workstation; {said}"]


def test_one_inference_is_one():
    assert format_settings(RunSettings(warmup_runs=1)).startswith("warm-up ≥ 1 inference and")


def test_groups_and_their_members_come_in_order_of_appearance():
    other, again = measured("device", soc="a"), sample.result("again")
    groups = group_by_provenance([other, PLAIN, other, again])
    assert [group.results for group in groups] == [(other, other), (PLAIN, again)]


def test_no_results_are_no_groups():
    assert group_by_provenance([]) == ()


def test_sessions_are_kept_apart_where_that_is_asked_for():
    later = sample.result(session="later")
    headings = [group.heading for group in group_by_provenance([PLAIN, later], by_session=True)]
    assert headings == ["workstation; session 20260115-093000-host-alpha-1a2b", "workstation; session later"]
    assert (comparable(later).session, comparable(later, by_session=True).session) == (None, "later")
    (group,) = group_by_provenance([PLAIN, PLAIN], by_session=True)
    assert group.heading is None


def test_whether_sessions_are_kept_apart_is_said_by_name():
    with pytest.raises(TypeError, match="positional"):
        comparable(PLAIN, True)
    with pytest.raises(TypeError, match="positional"):
        group_by_provenance([PLAIN], True)


def test_all_that_differs_is_said_in_one_order():
    other = measured("device", soc="a", os="b", cores=3).model_copy(update={"rules": sample.RULES})
    headings = [group.heading for group in group_by_provenance([PLAIN, other])]
    assert headings == ["workstation; SoC ?; 16 cores; Debian 12", "workstation; SoC a; 3 cores; b"]


DEVICE_FACTS = [{"profile": "x"}, {"model": "x"}, {"soc": "x"}, {"cores": 3}, {"os": "x"}, {"abi": "x"}, {"build": "x"}]


@pytest.mark.parametrize("facts", DEVICE_FACTS, ids=str)
def test_the_serial_tells_two_devices_apart_and_their_facts_are_left_out(facts):
    headings = [group.heading for group in group_by_provenance([PLAIN, measured("device", serial="other", **facts)])]
    assert headings == ["workstation", "other"]


@pytest.mark.parametrize("facts", DEVICE_FACTS, ids=str)
def test_a_fact_that_changed_on_one_of_two_devices_is_said_of_all(facts):
    changed = measured("device", **facts)
    groups = group_by_provenance([PLAIN, changed, measured("device", serial="other", **facts)])
    assert groups[0].heading is not None
    assert groups[0].heading.startswith("workstation; ")
    assert len({group.heading for group in groups}) == 3


def test_the_binary_tells_two_runtimes_apart_and_they_are_left_out():
    other = measured("binary", sha256="c" * 64, runtime="2.4")
    headings = [group.heading for group in group_by_provenance([PLAIN, other])]
    assert headings == ["workstation; binary bbbbbbbbbbbb", "workstation; binary cccccccccccc"]


def emulated(host: str) -> JobResult:
    result = measured("device", emulated=True)
    return result.model_copy(update={"provenance": result.provenance.model_copy(update={"host": host})})


def test_an_emulated_phone_names_its_host():
    assert comparable(emulated("laptop")).emulated_by == "laptop"
    assert comparable(measured("provenance", host="laptop")).emulated_by is None
    for hosts in (("laptop", "desk"), ("desk", "laptop")):
        headings = [group.heading for group in group_by_provenance([emulated(host) for host in hosts])]
        assert headings == [f"workstation; emulated by {host}" for host in hosts]


def test_beside_one_that_is_not_emulated_that_is_said_once():
    headings = [group.heading for group in group_by_provenance([emulated("laptop"), PLAIN])]
    assert headings == ["workstation; emulated by laptop", "workstation; not emulated"]


@pytest.mark.parametrize(
    ("version", "method"),
    [
        ("0.1.0", "0.1"),
        ("0.3.1", "0.3"),
        ("0.3", "0.3"),
        ("0.10.2", "0.10"),
        ("1.4.2", "1"),
        ("10.0", "10"),
        ("2", "2"),
        ("", ""),
    ],
)
def test_the_method_is_the_part_of_the_version_that_changes_with_it(version, method):
    assert comparable(measured("provenance", mbench=version)).mbench == method


def test_a_fingerprint_is_twelve_hexadecimal_digits_and_is_taken_once():
    key = comparable(PLAIN)
    assert len(fingerprint(key)) == 12
    assert set(fingerprint(key)) <= set(string.hexdigits.lower())
    assert fingerprint(replace(key)) is fingerprint(key)


def test_two_equal_keys_differ_in_nothing():
    key = comparable(PLAIN)
    assert differing([key, replace(key)]) == differing([key]) == differing([]) == ()
    assert differing([key, key, replace(key, cores=3)]) == ("cores",)


@pytest.mark.parametrize(
    ("cpus", "said"),
    [(None, "not pinned"), ((4,), "pinned to core 4"), ((4, 5), "pinned to cores 4, 5"), ((), "pinned to core ")],
)
def test_cores_are_listed(cpus, said):
    assert format_cpus(cpus) == said


@pytest.mark.parametrize(
    ("fixed", "governor", "said"),
    [
        (False, None, ""),
        (True, None, "fixed performance"),
        (False, "performance", "governor performance"),
        (True, "performance", "fixed performance, governor performance"),
    ],
)
def test_clocks_are_said_as_they_were_set(fixed, governor, said):
    assert format_clocks(sample.RULES.model_copy(update={"fixed_performance": fixed, "governor": governor})) == said


def test_companions_are_listed_by_name():
    assert format_companions({}) == ""
    digits = "0123456789abcdef" * 4
    assert format_companions({"b": digits, "a": digits}) == "with a 0123456789ab, b 0123456789ab"


def test_what_is_compared_is_a_value():
    (group,) = group_by_provenance([PLAIN])
    with pytest.raises(FrozenInstanceError):
        group.key.cores = 3
    with pytest.raises(FrozenInstanceError):
        group.heading = ""
    assert not hasattr(group, "__dict__")
    assert not hasattr(group.key, "__dict__")
    for value in (group.key, group):
        with pytest.raises(TypeError, match="positional"):
            type(value)(*(getattr(value, each.name) for each in fields(value)))
