from concurrent.futures import ThreadPoolExecutor

import pytest

from mbench.core.errors import NoDevice
from mbench.emulator.phone.binaries import emulated_binary
from mbench.hostbench.identity import program_manifest
from mbench.workflows.devices.phone_program import stand_in_file


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path))
    return tmp_path


def test_many_phones_at_once_never_find_half_of_the_file_that_they_are_given(home):
    def content(_: int) -> bytes:
        return stand_in_file("arm64-v8a").read_bytes()

    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(content, range(2000)))
    assert found == {emulated_binary("arm64-v8a", program=program_manifest()["sha256"])}


def test_what_another_version_left_there_is_replaced(home):
    stand_in_file("arm64-v8a").write_bytes(b"older")
    assert b"older" not in stand_in_file("arm64-v8a").read_bytes()


@pytest.mark.parametrize("abi", ["../../x", "arm64;reboot", "", "x" * 41, "a\nb"])
def test_what_a_phone_calls_its_abi_names_no_file_of_this_host(home, abi):
    with pytest.raises(NoDevice, match="no program is made for that"):
        stand_in_file(abi)
    assert list(home.iterdir()) == []
