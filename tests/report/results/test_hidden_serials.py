import json

import pytest
import sample_phones as phones
import sample_results as sample

from mbench.report.results.delimited import as_csv, as_json
from mbench.report.results.hidden_serials import lasting_name, without_serials
from mbench.report.results.report import report_markdown
from mbench.report.results.rows.job_rows import rows_of

SERIAL = "9A2AY1FQ7"


def results():
    device = phones.phone(1).model_copy(update={"serial": SERIAL})
    provenance = sample.PROVENANCE.model_copy(update={"command": ("mbench", "run", f"--device={SERIAL}")})
    run = sample.latency_run(1000, argv=("sh", f"/tmp/{SERIAL}/run.sh"), job=f"alpha-{SERIAL}")
    return [
        phones.job(
            device,
            session=f"20260115-093000-{SERIAL}-alpha-1a2b",
            job=f"alpha-{SERIAL}",
            provenance=provenance,
            runs=(run,),
            message=f"{SERIAL}: gone, and {SERIAL}0 is another",
        )
    ]


def test_a_name_says_the_profile_and_lasts():
    name = lasting_name(SERIAL, "pixel4")
    assert name == lasting_name(SERIAL, "pixel4") == "pixel4-855391b9"


def test_two_phones_have_two_names():
    assert len({lasting_name(f"phone{number}", "pixel4") for number in range(1000)}) == 1000


def test_no_form_of_the_results_holds_a_serial():
    hidden = without_serials(results())
    rows = rows_of(hidden)
    said = [as_json(rows), as_csv(rows), report_markdown(hidden), *(each.model_dump_json() for each in hidden)]
    assert all(SERIAL not in text.replace(f"{SERIAL}0", "") for text in said)
    name = lasting_name(SERIAL, "pixel4")
    assert json.loads(said[0])[0]["device"] == name
    assert hidden[0].session == f"20260115-093000-{name}-alpha-1a2b"
    assert hidden[0].provenance.command == ("mbench", "run", f"--device={name}")
    assert hidden[0].runs[0].argv == ("sh", f"/tmp/{name}/run.sh")
    assert hidden[0].job == hidden[0].runs[0].job == f"alpha-{name}"


def test_a_longer_name_that_begins_like_a_serial_stays():
    (hidden,) = without_serials(results())
    assert hidden.message == f"{lasting_name(SERIAL, 'pixel4')}: gone, and {SERIAL}0 is another"


def test_numbers_stay_as_they_are():
    before, after = rows_of(results())[0], rows_of(without_serials(results()))[0]
    assert before.latency_median_us == after.latency_median_us
    assert before.artifact_sha256 == after.artifact_sha256


@pytest.mark.parametrize("serial", ["192.168.1.7:5555", "a b", "vm", ".hidden", "(x)"])
def test_serials_of_any_form_are_replaced(serial):
    device = sample.DEVICE.model_copy(update={"serial": serial})
    (hidden,) = without_serials([sample.result(device=device, message=f"at {serial}: no answer")])
    assert hidden.device.serial == lasting_name(serial, "host")
    assert hidden.message == f"at {lasting_name(serial, 'host')}: no answer"


def test_no_results_are_none():
    assert without_serials([]) == ()


FIELDS = ["build", "host", "cpu", "latency", "memory", "name", "runs", "ok", "job", "session", "status", "digits"]


@pytest.mark.parametrize("serial", FIELDS)
def test_a_host_that_is_called_as_a_field_of_documents_is_hidden_too(serial):
    device = phones.phone(1).model_copy(update={"serial": serial})
    before = phones.job(device, message=f"on {serial}!", runs=(sample.latency_run(1000), sample.memory_run(24_576.0)))
    (hidden,) = without_serials([before])
    name = lasting_name(serial, device.profile)
    assert (hidden.device.serial, hidden.message) == (name, f"on {name}!")
    assert (hidden.status, hidden.workload.delegate) == (before.status, before.workload.delegate)
    assert as_json(rows_of([hidden])).count("\n") == as_json(rows_of([before])).count("\n")


def test_hidden_results_are_documents_like_others():
    for hidden in without_serials(results()):
        assert type(hidden).model_validate(hidden.model_dump()) == hidden


def hidden_message(serial: str, message: str) -> str:
    device = phones.phone(1).model_copy(update={"serial": serial})
    (hidden,) = without_serials([phones.job(device, message=message)])
    return hidden.message.replace(lasting_name(serial, device.profile), "NAME")


@pytest.mark.parametrize(
    ("serial", "message", "shown"),
    [
        (SERIAL, f"usb {SERIAL.lower()} is gone", "usb NAME is gone"),
        ("192.168.1.77:5555", "no route to 192.168.1.77; 192.168.1.778", "no route to NAME; 192.168.1.778"),
        ("[fe80::1:2]:5555", "no route to fe80::1:2", "no route to NAME"),
        ("adb-R58M12-x1y2z3._adb-tls-connect._tcp", "R58M12 is offline", "NAME is offline"),
        ("adb-R58M12-x1y2z3 (2)._adb-tls-connect._tcp", "R58M12 is offline", "NAME is offline"),
        ("127.0.0.1:5555", "127.0.0.1:5555 answers on 127.0.0.1", "NAME answers on 127.0.0.1"),
        ("\u0130234567", "it is \u0130234567", "it is NAME"),
    ],
)
def test_no_other_way_to_write_a_serial_is_left(serial, message, shown):
    assert hidden_message(serial, message) == shown


def test_of_serials_that_differ_in_capitals_alone_each_keeps_its_name():
    devices = [phones.phone(1).model_copy(update={"serial": serial}) for serial in ("ABC123", "abc123")]
    hidden = without_serials([phones.job(device, message=device.serial, job=device.serial) for device in devices])
    names = [lasting_name(device.serial, device.profile) for device in devices]
    assert [each.message for each in hidden] == [each.device.serial for each in hidden] == names
