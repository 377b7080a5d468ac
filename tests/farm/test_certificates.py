"""Certificates of a farm: who has which, who is refused, and what is never written over."""

import os
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mbench.core.errors import UsageError
from mbench.farm.certificates import AUTHORITY_DAYS, make_certificates
from mbench.farm.tls import SAID_BEFORE, read_certificate

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


@pytest.fixture
def farm(tmp_path: Path) -> Path:
    make_certificates(tmp_path / "farm", ["driver", "lab-1"], days=365, now=NOW)
    return tmp_path / "farm"


def test_each_has_a_folder_of_its_own_that_only_its_owner_reads(farm):
    assert sorted(each.name for each in farm.iterdir()) == ["ca", "driver", "lab-1"]
    assert {path.stat().st_mode & 0o777 for path in farm.rglob("*.pem")} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in farm.iterdir()} == {0o700}


def test_the_authoritys_key_is_in_nobodys_folder(farm):
    keys = [path.read_bytes() for path in farm.rglob("key.pem")]
    assert len(set(keys)) == 3


def test_a_certificate_that_is_there_is_never_written_over(farm):
    before = {path: path.read_bytes() for path in farm.rglob("*.pem")}
    made = make_certificates(farm, ["driver", "lab-2"], days=1, now=NOW)
    assert [(each.name, each.new) for each in made] == [("driver", False), ("lab-2", True)]
    assert {path: path.read_bytes() for path in before} == before
    assert read_certificate(farm / "lab-2", now=NOW).expires_at == NOW + DAY


@pytest.mark.parametrize("name", ["", "ca", "../up", "a b", "-x", "x" * 64, "a/b"])
def test_a_name_that_could_lead_elsewhere_is_refused(farm, name):
    with pytest.raises(UsageError, match="cannot name a certificate"):
        make_certificates(farm, [name], days=1, now=NOW)


def test_openssl_itself_takes_them_by_its_strict_rules(farm):
    context = ssl.create_default_context(cafile=str(farm / "lab-1" / "ca.pem"))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.check_hostname = False
    context.load_cert_chain(farm / "lab-1" / "cert.pem", farm / "lab-1" / "key.pem")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(farm / "driver" / "ca.pem"))
    server.verify_mode = ssl.CERT_REQUIRED
    server.verify_flags |= ssl.VERIFY_X509_STRICT
    server.load_cert_chain(farm / "driver" / "cert.pem", farm / "driver" / "key.pem")
    shake_hands(context, server)


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """Let two sides greet each other in memory, until both have taken the other's certificate."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [client.wrap_bio(to_client, to_server), server.wrap_bio(to_server, to_client, server_side=True)]
    done = [False, False]
    for _ in range(8):
        for index, side in enumerate(sides):
            if not done[index]:
                try:
                    side.do_handshake()
                    done[index] = True
                except ssl.SSLWantReadError:
                    pass
    assert done == [True, True]


def test_an_end_is_said_a_month_before_and_not_earlier(farm):
    one = read_certificate(farm / "lab-1", now=NOW)
    assert one.warning(one.expires_at - SAID_BEFORE - timedelta(seconds=1)) is None
    said = one.warning(one.expires_at - SAID_BEFORE)
    assert said is not None
    assert f"{one.expires_at:%Y-%m-%d}, in 30 days" in said


def test_no_certificate_outlives_its_authority(farm):
    make_certificates(farm, ["late"], days=10 * 365, now=NOW)
    assert read_certificate(farm / "late", now=NOW).expires_at == NOW + timedelta(days=AUTHORITY_DAYS)


def test_an_expired_one_is_refused_with_its_date_and_one_second_before_taken(farm):
    end = NOW + 365 * DAY
    read_certificate(farm / "driver", now=end - timedelta(seconds=1))
    with pytest.raises(UsageError, match=f"cert.pem expired on {end:%Y-%m-%d}"):
        read_certificate(farm / "driver", now=end)


def test_a_clock_that_is_behind_is_named(farm):
    with pytest.raises(UsageError, match="this host's clock says"):
        read_certificate(farm / "driver", now=NOW - DAY)


def test_an_expired_authority_signs_nothing(farm):
    with pytest.raises(UsageError, match=r"the authority in .* expired"):
        make_certificates(farm, ["new"], days=1, now=NOW + timedelta(days=AUTHORITY_DAYS))


@pytest.mark.parametrize("name", ["ca.pem", "cert.pem", "key.pem"])
def test_what_is_missing_is_named(farm, name):
    (farm / "driver" / name).unlink()
    with pytest.raises(UsageError, match=f"{name}: No such file"):
        read_certificate(farm / "driver", now=NOW)


@pytest.mark.parametrize("name", ["ca.pem", "cert.pem", "key.pem"])
def test_what_is_damaged_is_named(farm, name):
    (farm / "driver" / name).write_text("-----BEGIN NOTHING-----\n")
    with pytest.raises(UsageError, match=f"{name} is not a"):
        read_certificate(farm / "driver", now=NOW)


def test_a_certificate_of_another_farm_is_refused(farm, tmp_path):
    make_certificates(tmp_path / "other", ["driver"], days=1, now=NOW)
    shutil.copy(tmp_path / "other" / "driver" / "ca.pem", farm / "driver" / "ca.pem")
    with pytest.raises(UsageError, match="they are of two farms"):
        read_certificate(farm / "driver", now=NOW)


def test_another_ones_key_is_refused(farm):
    shutil.copy(farm / "lab-1" / "key.pem", farm / "driver" / "key.pem")
    with pytest.raises(UsageError, match="is not the key of"):
        read_certificate(farm / "driver", now=NOW)


def test_a_key_that_others_may_read_is_refused(farm):
    (farm / "driver" / "key.pem").chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        read_certificate(farm / "driver", now=NOW)
    (farm / "driver" / "key.pem").chmod(0o600)
    read_certificate(farm / "driver", now=NOW)


def test_no_key_can_be_read_while_it_is_written(farm, monkeypatch):
    seen: list[int] = []
    write = Path.write_bytes

    def watch(path: Path, data: bytes) -> int:
        seen.append(path.stat().st_mode & 0o777)
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", watch)
    old = os.umask(0)
    try:
        make_certificates(farm, ["watched"], days=1, now=NOW)
    finally:
        os.umask(old)
    assert set(seen) == {0o600}
