import json

import pytest
import sample_phones as phones
import sample_results as sample

from mbench.report.results.delimited import as_csv, as_json
from mbench.report.results.hidden_serials import lasting_name, without_serials
from mbench.report.results.report import report_markdown
from mbench.report.results.rows import rows_of

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
