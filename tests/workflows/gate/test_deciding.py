"""Which suspects are measured next, with how many runs, and what all of their runs together say."""

import pytest
import sample_sessions as sample

from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import Finding, FindingClass, Rerun, Standing
from mbench.core.results import BinaryFacts, Pass
from mbench.gate.plan import PlannedRerun
from mbench.workflows.compare.rerun import RerunCell
from mbench.workflows.gate.old_files import Before
from mbench.workflows.gate.suspects import Deciding, Suspect, by_purpose, purpose_of, suspects_of

OLD_US, NEW_US = 1000.0, 1200.0


def suspect(
    name: str = "net", *, pairs: int = 40, old: bool = True, kind: FindingClass = FindingClass.LATENCY, lack=None
) -> Suspect:
    finding = Finding(
        cell=Cell(project="p", branch="main", workload=name, delegate="cpu", threads=1, serial="P1"),
        model="Pixel 4",
        kind=kind,
        standing=Standing.SUSPECT,
        before=OLD_US,
        now=NEW_US,
        unit="µs",
        since="n1",
        nights=1,
        because="",
    )
    workload = sample.planned().workload
    return Suspect(
        planned=PlannedRerun(finding=finding, pairs=pairs),
        result=None,
        before=None,
        what=RerunCell(new=workload, old=workload.artifact if old else None),
        lack=lack,
    )


def clear(pairs: int, *, memory: bool = False) -> Rerun:
    old, new = (OLD_US,) * pairs, (NEW_US,) * pairs
    if memory:
        return Rerun(old_us=(), new_us=(), p_value=None, session="s", old_kib=old, new_kib=new)
    return Rerun(old_us=old, new_us=new, p_value=None, session="s")


def doubtful(pairs: int) -> Rerun:
    """New runs above the old ones two times in three: neither clear nor hopeless."""
    new = tuple(OLD_US + (30 if place % 3 else -20) for place in range(pairs))
    return Rerun(old_us=(OLD_US,) * pairs, new_us=new, p_value=None, session="s")


def test_the_first_round_has_twelve_pairs_of_all_that_have_an_old_side() -> None:
    with_old, alone = suspect("a"), suspect("b", old=False)
    deciding = Deciding([with_old, alone])
    assert deciding.alone == [alone]
    assert deciding.next_round() == ([with_old], 12)


def test_what_is_not_clear_goes_on_to_its_own_most_pairs_and_no_further() -> None:
    long, short, done = suspect("a", pairs=40), suspect("b", pairs=20), suspect("c")
    deciding = Deciding([long, short, done])
    deciding.next_round()
    deciding.add([(long, doubtful(12), None), (short, doubtful(12), None), (done, clear(12), None)])
    assert deciding.next_round() == ([long, short], 28)
    deciding.add([(long, doubtful(8), None), (short, doubtful(8), None)])
    assert deciding.next_round()[1] == 20
    assert [len(one.rerun.old_us) for _, one in deciding.decided] == [20, 20, 12]


def test_a_round_that_measured_nothing_is_not_begun_again() -> None:
    deciding = Deciding([suspect()])
    deciding.next_round()
    assert deciding.next_round() == ([], 0)
    assert deciding.decided == []


@pytest.mark.parametrize("left", [0, 1])
def test_a_suspect_that_has_all_its_pairs_is_left_as_it_is(left) -> None:
    deciding = Deciding([suspect(pairs=12 + left)])
    deciding.next_round()
    deciding.add([(deciding.suspects[0], doubtful(12), None)])
    assert deciding.next_round() == ((list(deciding.suspects), 1) if left else ([], 0))


def test_without_a_pair_of_both_sides_nothing_goes_on() -> None:
    deciding = Deciding([suspect()])
    deciding.next_round()
    nothing = Rerun(old_us=(), new_us=(), p_value=None, session="s")
    deciding.add([(deciding.suspects[0], nothing, "the phone died")])
    assert deciding.next_round() == ([], 0)
    ((_, said),) = deciding.decided
    assert said.standing is Standing.SUSPECT
    assert said.because.endswith("(the phone died)")


@pytest.mark.parametrize(("reason", "lack", "said"), [("it died.", "gone", "(it died)"), (None, "gone", "(gone)")])
def test_why_an_old_side_is_not_there_is_said(reason, lack, said) -> None:
    one = suspect(old=False, lack=lack)
    deciding = Deciding([one])
    deciding.add([(one, Rerun(old_us=(), new_us=(NEW_US,) * 2, p_value=None, session="s"), reason)])
    assert deciding.decided[0][1].because.endswith(said)
    assert deciding.decided[0][1].standing is Standing.CONFIRMED


def test_nothing_is_added_to_what_a_whole_pair_says() -> None:
    deciding = Deciding([suspect()])
    deciding.add([(deciding.suspects[0], clear(12), None)])
    ((finding, said),) = deciding.decided
    assert (finding, said.standing) == (deciding.suspects[0].planned.finding, Standing.CONFIRMED)
    assert not said.because.endswith(")") or "p = " in said.because


def test_peaks_of_memory_are_counted_together_as_latencies_are() -> None:
    one = suspect(kind=FindingClass.MEMORY)
    deciding = Deciding([one])
    deciding.next_round()
    for _ in range(2):
        deciding.add([(one, clear(6, memory=True), None)])
    assert len(deciding.taken[one.cell].old_kib) == len(deciding.taken[one.cell].new_kib) == 12
    assert deciding.decided[0][1].standing is Standing.CONFIRMED


def test_suspects_are_measured_by_what_they_are_about_latency_first() -> None:
    memory, latency = suspect(kind=FindingClass.MEMORY), suspect("b")
    assert [*by_purpose([memory, latency]).items()] == [(Pass.LATENCY, [latency]), (Pass.MEMORY, [memory])]
    assert by_purpose([memory]) == {Pass.MEMORY: [memory]}
    assert purpose_of(memory.planned.finding) is memory.purpose is Pass.MEMORY


class Known:
    """Tonight's result of every cell, and one of before."""

    def __init__(self, result, before) -> None:
        self.result, self.earlier = result, before

    def of(self, cell):
        return self.result

    def before(self, cell, since):
        return self.earlier


def result(tmp_path, **binary):
    store = sample.session(tmp_path, sample.part(binary=sample.BINARY.model_copy(update=binary)))
    (found,) = store.results()
    return found


OTHER = {"sha256": "c" * 64}
BESIDE = {"companions": {"lib.so": "d" * 64}}


@pytest.mark.parametrize(
    ("old", "new", "binary"),
    [({}, {}, False), (OTHER, {}, True), ({}, OTHER, True), (BESIDE, {}, True), (BESIDE, BESIDE, False)],
)
def test_the_old_program_is_named_where_it_is_another_one(tmp_path, old, new, binary) -> None:
    before = Before(session="n0", result=result(tmp_path / "old", **old))
    known = Known(result(tmp_path / "new", **new), before)
    found = suspects_of([suspect().planned], known, known, lambda _: None)
    (one,) = found["P1"]
    assert one.what.old == before.result.workload.artifact
    assert one.what.old_binary == (before.result.binary if binary else None)
    assert (one.lack, one.before) == (None, before)


def test_what_cannot_be_had_of_the_old_side_is_measured_alone(tmp_path) -> None:
    before = Before(session="n0", result=result(tmp_path / "old", **OTHER))
    known = Known(result(tmp_path / "new"), before)
    asked: list[BinaryFacts | None] = []

    def lack(cell: RerunCell) -> str:
        asked.append(cell.old_binary)
        return "it is gone"

    ((one,),) = suspects_of([suspect().planned], known, known, lack).values()
    assert (one.what.old, one.lack, asked) == (None, "it is gone", [before.result.binary])
    other = Known(result(tmp_path / "other"), Before(session="n0", result=result(tmp_path / "tool", tool="litert")))
    ((one,),) = suspects_of([suspect().planned], other, other, lambda _: None).values()
    assert (one.what.old, one.lack) == (None, "it was measured by another kind of program, litert")
    nothing = Known(result(tmp_path / "first"), None)
    ((one,),) = suspects_of([suspect().planned], nothing, nothing, lambda _: None).values()
    assert (one.what.old, one.lack) == (None, "no earlier result of it is known")


def test_a_cell_without_a_result_of_tonight_is_left_out() -> None:
    assert suspects_of([suspect().planned], Known(None, None), Known(None, None), lambda _: None) == {}
