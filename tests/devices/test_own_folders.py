"""Work folders lie where they should, whatever a session is called, and take nothing else along when they go."""

from pathlib import Path

import pytest

from mbench.core.errors import TransportError
from mbench.devices.host.folders import remove_stale, work_folder
from mbench.devices.host.transport import HostTransport
from mbench.workflows.devices.phone_files import session_folder
from mbench.workflows.run.device_score import answers_folder

HOSTILE = ["/../../victim", "/../victim", "..", "/etc", "", "a/b", "x\n", "x" * 300, ".x", "a b", "a\x00b"]
HONEST = "20260115-103005-192.168.1.5-5555-my.suite-0a1b"


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "home" / "host"


@pytest.fixture
def victim(tmp_path) -> Path:
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear Ada", encoding="utf-8")
    return folder


@pytest.mark.parametrize("session", HOSTILE)
def test_a_session_s_name_leads_out_of_no_folder_on_this_host(root, victim, session):
    with pytest.raises(TransportError, match="is not a session's name; no folder is made"), work_folder(root, session):
        pytest.fail("it was made")
    with pytest.raises(TransportError, match="is not a session's name"):
        answers_folder(session)
    assert (victim / "letter.txt").is_file()


@pytest.mark.parametrize("session", HOSTILE)
def test_a_session_s_name_leads_out_of_no_folder_on_a_device(root, victim, session):
    transport = HostTransport(root)
    with pytest.raises(TransportError, match="is not a session's name"), session_folder(transport, session):
        pytest.fail("it was made")
    assert (victim / "letter.txt").is_file()


def test_a_name_with_dots_has_one_folder_and_one_lock_which_go(root):
    with work_folder(root, HONEST) as folder:
        assert sorted(path.name for path in root.iterdir()) == [f"work-{HONEST}", f"work-{HONEST}.lock"]
        assert Path(folder).name == f"work-{HONEST}"
    assert list(root.iterdir()) == []


def test_what_a_killed_session_with_dots_in_its_name_left_is_removed(root):
    folder = root / f"work-{HONEST}"
    folder.mkdir(parents=True)
    (root / f"work-{HONEST}.lock").touch()
    remove_stale(root)
    assert list(root.iterdir()) == []


def test_a_link_in_the_place_of_a_work_folder_is_not_worked_in(root, victim):
    root.mkdir(parents=True)
    (root / f"work-{HONEST}").symlink_to(victim)
    with pytest.raises(TransportError, match="is a symbolic link"), work_folder(root, HONEST):
        pytest.fail("it was made")
    (root / f"work-{HONEST}.lock").touch()
    remove_stale(root)
    assert (victim / "letter.txt").is_file()


def test_nothing_behind_a_link_below_our_folder_is_removed(root, victim):
    transport = HostTransport(root)
    (root / "models").symlink_to(victim)
    with pytest.raises(TransportError, match="does not lie below"):
        transport.remove(f"{root}/models/letter.txt")
    transport.remove(f"{root}/models")  # the link itself is ours
    assert (victim / "letter.txt").is_file()
