"""Mutation testing: what a session says, and what passes."""

from pathlib import Path

import pytest

from benchmarks.mutation.survivors import Findings, Mutant, parse_diff, parse_reasons

DIFF = """--- mutation diff ---
--- a/mbench/core/numbers/statistics.py
+++ b/mbench/core/numbers/statistics.py
@@ -1,3 +1,3 @@
 def half(samples):
-    return len(samples) // 2
+    return len(samples) / 2
"""


def mutant(after: str, *, killed: bool, line: int = 1) -> Mutant:
    return Mutant(line=line, function="half", operator="NumberReplacer", before="x = 1", after=after, killed=killed)


def findings(*mutants: Mutant, reasons: dict[tuple[str, str, str], str] | None = None) -> Findings:
    return Findings(module="m.py", tests=("t.py",), test_seconds=1.0, mutants=mutants, reasons=reasons or {})


def with_killed(killed: int, survived: int) -> list[str]:
    mutants = [mutant(f"x = {index}", killed=index < killed) for index in range(killed + survived)]
    return findings(*mutants, reasons={one.key: "equal" for one in mutants if not one.killed}).faults()


def test_a_diff_is_the_line_before_and_after() -> None:
    assert parse_diff(DIFF) == ("return len(samples) // 2", "return len(samples) / 2")


def test_lines_of_a_longer_diff_are_joined() -> None:
    assert parse_diff("--- a\n+++ b\n@@ -1 +1 @@\n-@cache\n-def f():\n+\n+def f():\n")[0] == "@cache ⏎ def f():"


def test_nine_in_ten_killed_pass_and_fewer_do_not() -> None:
    assert with_killed(9, 1) == []
    assert with_killed(89, 11) == ["89 of 100 mutants killed, less than 90%"]


def test_a_survivor_without_a_reason_fails_the_module() -> None:
    killed = [mutant(f"x = {index}", killed=True) for index in range(2, 30)]
    survivor = mutant("x = 0", killed=False)
    assert findings(*killed, survivor).faults() == ["1 survivors without a reason"]
    assert findings(*killed, survivor, reasons={survivor.key: "equal"}).faults() == []


def test_a_reason_stays_when_its_line_moves() -> None:
    here, moved = mutant("x = 0", killed=False, line=3), mutant("x = 0", killed=False, line=300)
    assert findings(moved, reasons={here.key: "equal"}).unexplained == []


@pytest.mark.parametrize(("mutants", "said"), [((mutant("x = 0", killed=True),), "was killed"), ((), "is no longer")])
def test_an_equivalent_that_is_none_fails_the_module(mutants: tuple[Mutant, ...], said: str) -> None:
    (fault,) = findings(*mutants, reasons={("half", "x = 1", "x = 0"): "equal"}).faults()
    assert said in fault


def test_one_reason_may_hold_for_several_mutants() -> None:
    entry = {"function": "half", "before": "x = 1", "after": ["x = 0", "x = 2"], "reason": "equal"}
    assert parse_reasons([entry]) == {("half", "x = 1", "x = 0"): "equal", ("half", "x = 1", "x = 2"): "equal"}


def test_an_entry_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="no reason"):
        parse_reasons([{"before": "x = 1", "after": "x = 0", "reason": " "}])


@pytest.mark.parametrize(
    ("literal", "becomes"),
    [
        ("0.05", [0.1, 0.025]),
        ("1e-18", [2e-18, 5e-19]),
        ("2000", [4000, 1000]),
        ("0x1F", [62, 15.5]),
        ("0", []),
        ("2", [4]),
    ],
)
def test_a_number_is_doubled_and_halved_unless_one_more_or_less_says_the_same(literal: str, becomes: list) -> None:
    pytest.importorskip("parso", reason="the extra `mutation` is not installed")
    from benchmarks.mutation.scale_number import scaled

    assert scaled(literal) == becomes


@pytest.mark.slow
def test_a_module_is_mutated_in_a_copy_against_its_tests(tmp_path: Path) -> None:
    pytest.importorskip("cosmic_ray", reason="the extra `mutation` is not installed")
    from benchmarks.mutation.session import ROOT, MutationError, run_session

    module = ROOT / "mbench/core/suggestions.py"
    source = module.read_bytes()
    _, mutants = run_session("mbench/core/suggestions.py", ["tests/paper/test_paper_data.py"], tmp_path)
    assert module.read_bytes() == source
    assert ("if nearest:", "if not nearest:", True) in {(one.before, one.after, one.killed) for one in mutants}
    assert {one.operator for one in mutants} == {"AddNot", "NumberReplacer", "ScaleNumber"}
    assert run_session("mbench/core/suggestions.py", ["tests/paper/test_paper_data.py"], tmp_path)[1] == mutants
    with pytest.raises(MutationError, match="no tests are listed"):
        run_session("mbench/core/suggestions.py", [], tmp_path)
