"""What a plan says of a device that cannot be used beside others that can, and what ends the command instead."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from loop_fakes import SeenProgress, plan_of, workload
from memory_device import INSTRUMENT, PROFILE

from mbench.core.errors import ForeignProgram, MbenchError, NoDevice, UsageError
from mbench.core.ports import Progress
from mbench.core.results import BinaryFacts, DeviceFacts, DevicePlan
from mbench.devices.android.settings import Wanted
from mbench.devices.profiles.profile import Profile, load_profile
from mbench.report.results.conditions.provenance import group_by_table
from mbench.report.results.rows.job_rows import row_of
from mbench.store.unfinished import unfinished_job
from mbench.workflows.build.gather_artifacts import Known
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Candidate, Selection
from mbench.workflows.devices.benchmark_program import ProgramWish
from mbench.workflows.devices.device import Identity
from mbench.workflows.devices.host_device import HostDevice
from mbench.workflows.run.find_devices import program_wish
from mbench.workflows.run.make_plan import RunPlan, make_plan
from mbench.workflows.run.request import ExpandedRequest, RunRequest

BINARY = BinaryFacts(tool="tflite", sha256="b" * 64, path="benchmark_model")
UNASKED = NoDevice("phone-2 cannot be used: Accept the dialog on it.")


@dataclass(kw_only=True)
class Phone:
    """A phone that can be asked who it is, or says why not."""

    serial: str = "phone-1"
    error: MbenchError | None = None
    build: str | None = "google/flame"
    abi: str | None = "arm64-v8a"
    cpus: tuple[int, ...] | None = (7, 6)
    profile: Profile = PROFILE
    binary: BinaryFacts = field(default=BINARY)

    @property
    def known(self) -> DeviceFacts:
        return DeviceFacts(serial=self.serial, profile=self.profile.name, build=self.build, abi=self.abi)

    def identify(self, *, wanted: Wanted, progress: Progress, only_look: bool = False) -> Identity:
        if self.error is not None:
            raise self.error
        return Identity(facts=self.known, instrument=INSTRUMENT, binary=self.binary)


def unasked(**changes) -> Phone:
    """Return a phone that nobody has let in: nothing is known of it."""
    return Phone(**({"serial": "phone-2", "error": UNASKED, "build": None, "abi": None, "cpus": None} | changes))


def plan(*devices: object, **asked) -> RunPlan:
    request = RunRequest(
        devices=("d",), selection=Selection(), build_inputs=BuildInputs(), results=Path("r"), command=(), memory_runs=0
    )
    request = RunRequest(**({name: getattr(request, name) for name in request.__dataclass_fields__} | asked))
    expanded = ExpandedRequest(request=request, scoring=None, selected=(Candidate(file=Path("m.tflite")),))

    def obtain(candidates, build_inputs):
        return [Known(facts=workload().artifact) for _ in candidates]

    return make_plan(expanded, devices, obtain, learn=False, progress=SeenProgress())


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"fixed_performance": True}, "--fixed-performance is for phones"),
        ({"governor": "performance"}, "--governor is for phones"),
    ],
    ids=["fixed performance", "governor"],
)
def test_what_the_host_cannot_be_asked_for_ends_the_command_although_a_phone_could(asked, words):
    host = HostDevice(load_profile("host"), ProgramWish())
    for devices in ((host, Phone()), (Phone(), host), (unasked(), host, Phone())):
        with pytest.raises(UsageError, match=words):
            plan(*devices, **asked)


@pytest.mark.parametrize(
    "refusal",
    [NoDevice("phone-2: --governor performance cannot be had."), ForeignProgram("phone-2: b is no benchmark_model.")],
    ids=lambda error: type(error).__name__,
)
def test_what_one_phone_refuses_keeps_no_other_from_being_measured(refusal):
    well, unfit = plan(Phone(), Phone(serial="phone-2", error=refusal)).devices
    assert (well.unfit, unfit.unfit) == (None, refusal)


def test_cores_are_no_wrong_question_to_a_phone_that_cannot_be_asked():
    well, unfit = plan(Phone(), unasked(), cpus="6").devices
    assert (well.part.rules.cpus, unfit.unfit) == ((6,), UNASKED)


@pytest.mark.parametrize(
    ("asked", "pinned", "kept"), [({}, (7, 6), None), ({"cpus": "6"}, (6,), "6"), ({"cpus": "none"}, None, "none")]
)
def test_of_a_phone_that_cannot_be_asked_the_plan_says_that_program_and_cores_are_anothers(asked, pinned, kept):
    other = Phone(serial="phone-3", cpus=(6, 2), profile=load_profile("host"))
    _, well, unfit = plan(other, Phone(), unasked(), **asked).devices
    assert (unfit.part.binary.identified, well.part.binary) == (False, BINARY)
    assert unfit.part.binary.model_copy(update={"identified": True}) == BINARY
    assert (unfit.part.rules, unfit.part.rules.cpus) == (well.part.rules, pinned)
    assert (unfit.part.asked_cpus, well.part.asked_cpus) == (kept, None)


def test_a_phone_that_cannot_be_used_keeps_its_own_cores():
    _, unfit = plan(Phone(), Phone(serial="phone-2", cpus=(5,), error=UNASKED)).devices
    assert unfit.part.rules.cpus == (5,)


def test_the_row_of_a_phone_that_cannot_be_asked_stands_in_the_table_of_the_others_and_names_no_program():
    parts = [each.part for each in plan(Phone(), unasked()).devices]
    session = plan_of(parts[0]).model_copy(update={"devices": tuple(parts)})
    results = [unfinished_job(session, part.jobs[0], (), holder=None) for part in parts]
    (table,) = group_by_table(results)
    assert [row_of(result).binary_sha256 for result in table.results] == [BINARY.sha256, None]


def of_abi(abi: str | None, binary: BinaryFacts) -> DevicePlan:
    (one, _) = plan(Phone(abi=abi, binary=binary), Phone(serial="phone-2")).devices
    return one.part


@pytest.mark.parametrize(
    ("abi", "tool", "planned", "flavour"),
    [
        ("arm64-v8a", "tflite", True, None),
        ("armeabi-v7a", "tflite", False, "tflite"),
        (None, "litert", False, "litert"),
        ("arm64-v8a", "hostbench", True, None),
        ("x86_64", "hostbench", False, None),
    ],
)
def test_a_phone_that_is_asked_late_gets_the_others_program_if_it_is_of_their_kind(abi, tool, planned, flavour):
    binary = BINARY.model_copy(update={"tool": tool})
    well = of_abi("arm64-v8a", binary)
    late = well.model_copy(update={"binary": binary.model_copy(update={"identified": False})})
    session = plan_of(well).model_copy(update={"devices": (well, late)})
    wish = program_wish(session, late, abi, None)
    assert (wish.planned is not None, wish.flavour) == (planned, flavour)


def test_cores_that_a_device_cannot_be_pinned_to_are_refused():
    with pytest.raises(UsageError, match="cannot be pinned"):
        plan(Phone(), Phone(serial="phone-2", cpus=None), cpus="6")
