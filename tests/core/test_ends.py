"""Which exit code a session deserves."""

from pathlib import Path

import pytest

from mbench.core.ends import exit_code, is_of_this_host
from mbench.core.errors import ArtifactError, DeviceLost, DiskError, DownloadFailed, HostDiskError, StoreError
from mbench.core.results import JobResult, Status


def ended(status: str = "ok", error_class: str | None = None):
    return JobResult.model_construct(status=Status(status), error_class=error_class)


@pytest.mark.parametrize("error_class", ["build", "model", "timeout", "crash:SIGSEGV", "output"])
def test_a_job_that_failed_by_its_own_fault_comes_before_one_without_a_number(error_class):
    assert exit_code([ended(), ended("failed", error_class)], ran=True) == 4
    assert exit_code([ended("aborted", "transport"), ended("failed", error_class)], ran=True) == 4


@pytest.mark.parametrize("error_class", ["transport", "environment", "killed"])
def test_what_the_phone_the_cable_or_the_host_did_is_no_fault_of_a_job(error_class):
    assert exit_code([ended(), ended("failed", error_class)], ran=True) == 5
    assert exit_code([ended(), ended("aborted", error_class)], ran=True) == 5
    assert exit_code([ended(), ended("aborted")], ran=True) == 5


def test_where_nothing_ran_no_device_could_be_used():
    lost = [ended("aborted", "environment"), ended("aborted", "transport")]
    assert exit_code(lost, ran=False) == 3
    assert exit_code(lost, ran=True) == 5
    assert exit_code([*lost, ended("failed", "build")], ran=False) == 4


def test_a_file_that_this_host_could_not_build_is_no_missing_device():
    assert exit_code([ended("failed", "environment"), ended("aborted", "transport")], ran=False) == 5
    assert exit_code([ended("failed", "environment"), ended("failed", "build")], ran=False) == 4


@pytest.mark.parametrize(
    ("error", "of_host"),
    [
        (DiskError("full", path=Path("x"), code=28), True),
        (HostDiskError("full", path=Path("x"), code=28), True),
        (DownloadFailed("no network"), True),
        (ArtifactError("damaged"), False),
        (DeviceLost("gone"), False),
        (StoreError("no session"), False),
    ],
)
def test_a_full_disk_and_a_network_that_is_down_are_faults_of_this_host(error, of_host):
    assert is_of_this_host(error) is of_host
    assert not of_host or error.error_class == "environment"


def test_all_well_is_0():
    assert exit_code([ended(), ended()], ran=True) == 0
    assert exit_code([], ran=False) == 0
