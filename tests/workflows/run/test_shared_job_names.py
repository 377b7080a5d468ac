"""Two jobs of one session never have one name: who plans learns so before anything is measured."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from loop_fakes import SeenProgress, part_of, plan_of, workload
from memory_device import INSTRUMENT, PROFILE
from pydantic import ValidationError

from mbench.core.errors import UsageError
from mbench.core.results import BinaryFacts, DeviceFacts
from mbench.devices.android.settings import Wanted
from mbench.devices.profiles.profile import Profile
from mbench.workflows.build.gather_artifacts import Known
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Candidate, Selection
from mbench.workflows.devices.device import Identity
from mbench.workflows.run.make_plan import RunPlan, make_plan
from mbench.workflows.run.plan import refuse_shared_names
from mbench.workflows.run.request import ExpandedRequest, RunRequest

BINARY = BinaryFacts(tool="tflite", sha256="b" * 64, path="benchmark_model")


@dataclass(kw_only=True)
class Phone:
    """A phone that can be asked who it is."""

    serial: str = "phone-1"
    cpus: tuple[int, ...] | None = None
    profile: Profile = PROFILE

    @property
    def known(self) -> DeviceFacts:
        return DeviceFacts(serial=self.serial, profile=self.profile.name)

    def identify(self, *, wanted: Wanted, progress: SeenProgress, only_look: bool = False) -> Identity:
        return Identity(facts=self.known, instrument=INSTRUMENT, binary=BINARY)


def planned(*files: str, phones: tuple[Phone, ...] = (Phone(),)) -> RunPlan:
    """Plan files, each known by its name without its folder, and all of equal bytes."""
    request = RunRequest(
        devices=("d",), selection=Selection(), build_inputs=BuildInputs(), results=Path("r"), command=(), memory_runs=0
    )
    selected = tuple(Candidate(file=Path(file)) for file in files)

    def obtain(candidates, build_inputs):
        return [Known(facts=workload(name=f"file:{one.file.stem}@{'a' * 12}").artifact) for one in candidates]

    expanded = ExpandedRequest(request=request, scoring=None, selected=selected)
    return make_plan(expanded, phones, obtain, learn=False, progress=SeenProgress())


def names_of(plan: RunPlan) -> list[str]:
    return [job.id for one in plan.devices for job in one.part.jobs]


def test_two_files_of_one_name_and_equal_bytes_are_refused_and_of_two_names_they_are_not():
    with pytest.raises(UsageError) as error:
        planned("old/net.tflite", "new/net.tflite")
    assert str(error.value) == (
        "old/net.tflite and new/net.tflite cannot be told apart: both would be job file-net@aaaaaaaaaaaa-cpu-t1. "
        "Leave one of them out, or rename its file."
    )
    assert names_of(planned("old/net.tflite", "new/net2.tflite")) == [
        f"file-{name}@aaaaaaaaaaaa-cpu-t1" for name in ("net", "net2")
    ]


def test_one_file_on_two_phones_is_two_jobs():
    found = names_of(planned("net.tflite", phones=(Phone(), Phone(serial="phone-2"))))
    assert found == ["file-net@aaaaaaaaaaaa-cpu-t1@phone-1", "file-net@aaaaaaaaaaaa-cpu-t1@phone-2"]


@pytest.mark.parametrize("other", ["job", "JOB"])
def test_a_name_is_taken_where_a_disk_ignores_case_too(other):
    with pytest.raises(UsageError, match=f"^a and b cannot be told apart: both would be job {other}"):
        refuse_shared_names([("first", "x"), ("job", "a"), (other, "b")])
    with pytest.raises(UsageError, match=r"^a is named twice: both would be job"):
        refuse_shared_names([("job", "a"), (other, "a")])
    refuse_shared_names([("job", "a"), (f"{other}2", "a")])


def test_no_plan_has_two_jobs_of_one_name():
    with pytest.raises(ValidationError) as error:
        plan_of(part_of("a", "b", "a"))
    (one,) = error.value.errors()
    assert one["msg"] == "Value error, devices: two jobs are called 'a', and each needs a name of its own"
    assert [job.id for job in plan_of(part_of("a", "b", "A")).jobs] == ["a", "b", "A"]


def test_jobs_of_two_devices_share_no_name():
    first = part_of("a", "b")
    other = part_of("a").model_copy(update={"device": DeviceFacts(serial="phone-2", profile="pixel4")})
    fields = plan_of(first).model_dump()
    with pytest.raises(ValidationError, match="two jobs are called 'a'"):
        type(plan_of(first)).model_validate(fields | {"devices": [first.model_dump(), other.model_dump()]})
