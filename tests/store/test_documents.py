import json
import tracemalloc
from pathlib import Path

import jsonschema
import pytest
import sample_plans as sample

from mbench.core.errors import NewerFormat, StoreError
from mbench.core.results import FORMAT_VERSION, JobResult, Pass, Plan, Status
from mbench.store.documents import MOST_VALUES, RunDocument, format_document, parse_document, schema
from mbench.store.session import find_session, open_session
from mbench.store.upgrade import upgrade

RECORDED = Path(__file__).parent.parent / "data" / "results"
RECORDED_FORMATS = sorted(path.name for path in RECORDED.glob("format-*"))


def job_fields(**changes) -> dict:
    fields = json.loads(format_document(sample.result(sample.plan("s"), runs=(sample.run(),))))
    return fields | changes


def parse(fields: object) -> JobResult:
    return parse_document(json.dumps(fields).encode(), JobResult, source="jobs/x.json")


def test_there_is_a_recording_of_every_format():
    assert [f"format-{version}" for version in range(1, FORMAT_VERSION + 1)] == RECORDED_FORMATS


@pytest.mark.parametrize("recorded", RECORDED_FORMATS)
def test_a_recorded_session_is_still_read(recorded):
    store = open_session(find_session(RECORDED / recorded, None))
    ok, also_ok, failed = store.results()
    assert [ok.status, also_ok.status, failed.status] == [Status.OK, Status.OK, Status.FAILED]
    assert [run.measured.median_us for run in ok.runs if run.purpose is Pass.LATENCY] == [41_200, 41_320, 41_440]
    assert failed.error_class == "model"
    assert store.runs(ok.job) == ok.runs
    assert len(store.runs("canary")) == 4


@pytest.mark.parametrize(
    "path", sorted(RECORDED.glob(f"format-{FORMAT_VERSION}/**/*.json")), ids=lambda path: path.name
)
def test_recorded_documents_fit_the_published_schema(path):
    jsonschema.Draft202012Validator(schema()).validate(json.loads(path.read_bytes()))


def test_the_published_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_published_schema_refuses_a_foreign_field():
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(job_fields(latency_ms=3))


@pytest.mark.parametrize(
    ("document", "model"),
    [
        (sample.plan("s"), Plan),
        (sample.result(sample.plan("s"), runs=(sample.run(),)), JobResult),
        (RunDocument(session="s", run=sample.run()), RunDocument),
    ],
    ids=["plan", "job", "run"],
)
def test_every_kind_of_document_is_read_as_it_was_written(document, model):
    assert parse_document(format_document(document), model, source="x") == document


def test_an_old_document_is_upgraded_step_by_step():
    steps = {
        1: lambda document: {**document, "colour": "red"},
        2: lambda document: {"color": document.pop("colour"), **document},
    }
    old = {"kind": "job", "format_version": 1}
    assert upgrade(old, steps=steps, current=3) == {"kind": "job", "format_version": 3, "color": "red"}
    assert old == {"kind": "job", "format_version": 1}


def test_a_document_enters_at_its_own_version():
    steps = {1: lambda document: pytest.fail("not this one"), 2: lambda document: document}
    assert upgrade({"kind": "run", "format_version": 2}, steps=steps, current=3)["format_version"] == 3


def test_a_document_older_than_the_oldest_step_is_refused():
    with pytest.raises(StoreError, match="x: format 1 is too old; no step leads from format 1 on"):
        upgrade({"kind": "run", "format_version": 1}, steps={2: dict}, current=3, source="x")


def test_a_newer_document_is_refused_with_advice():
    with pytest.raises(NewerFormat) as error:
        parse(job_fields(format_version=7))
    assert str(error.value) == (
        "jobs/x.json: written by a newer mbench (format 7); this one reads up to 3: pip install -U mbench"
    )
    assert error.value.exit_code == 2


@pytest.mark.parametrize("version", [None, 0, -1, "1", True, 1.0])
def test_a_version_that_is_none_is_refused(version):
    with pytest.raises(StoreError, match="format_version is"):
        parse(job_fields(format_version=version))


@pytest.mark.parametrize("kind", [None, "benchmark", 3, ["job"]])
def test_an_unknown_kind_is_refused(kind):
    with pytest.raises(StoreError, match="a document of mbench is one of plan, job, run"):
        parse(job_fields(kind=kind))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "line 1, column 1"),
        (b'{\n "kind": "job",\n "format', "line 3, column 2"),
        (b'{"kind": "\xff"}', "position 10"),
        (b"[1]", "JSON list at line 1"),
        (b"[" * 100_000, "damaged"),
    ],
)
def test_damaged_json_is_named_with_its_place(data, place):
    with pytest.raises(StoreError, match=rf"jobs/x\.json: .*{place}"):
        parse_document(data, JobResult, source="jobs/x.json")


def test_a_wrong_value_is_named_with_its_place():
    fields = job_fields()
    fields["runs"][0]["measured"]["count"] = "many"
    with pytest.raises(StoreError, match=r"jobs/x\.json: runs\.0\.measured\.count: Input should be a valid integer"):
        parse(fields)


def test_a_plan_is_no_job():
    with pytest.raises(StoreError, match=r"kind: Input should be 'job'.*no JobResult of format 3"):
        parse_document(format_document(sample.plan("s")), JobResult, source="x")


def test_a_message_of_a_damaged_document_is_one_line():
    with pytest.raises(StoreError) as error:
        parse({"kind": "job", "format_version": 1})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"kind": "job", "format_version": ' + b"9" * 5000 + b"}", "a number has too many digits"),
        (b'{"kind": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"kind": ' * 100_000, "nested too deeply"),
        (b'{"kind": "\xff"}', "can't decode byte 0xff"),
    ],
)
def test_json_that_python_cannot_read_is_one_line(data, said):
    with pytest.raises(StoreError, match=said) as caught:
        parse_document(data, JobResult, source="jobs/x.json")
    assert str(caught.value).startswith("jobs/x.json: damaged: ")
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("value", [b"[]", b"{}", b"0", b"[0", b"{"])
def test_more_values_than_are_read_take_no_memory_before_they_are_refused(value: bytes) -> None:
    data = b'{"x": [' + (value + b",") * MOST_VALUES + b"0]}"
    tracemalloc.start()
    with pytest.raises(StoreError, match=rf"^plan\.json: holds more than the {MOST_VALUES} values that are read"):
        parse_document(data, Plan, source="plan.json")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.slow
def test_as_many_values_as_are_read_are_looked_at() -> None:
    data = b'{"x": [' + b"0," * (MOST_VALUES - 2) + b"0]}"  # with the brace and the bracket: exactly the bound
    with pytest.raises(StoreError, match="kind is None"):
        parse_document(data, Plan, source="plan.json")
    with pytest.raises(StoreError, match="holds more than"):
        parse_document(data.replace(b"[", b"[[", 1).replace(b"]", b"]]", 1), Plan, source="plan.json")


def test_a_plan_of_ten_thousand_jobs_has_fewer_values_than_are_read() -> None:
    plan = sample.plan("20260115-093000-host-alpha-1a2b")
    document = format_document(plan)
    values = sum(map(document.count, (b",", b"[", b"{")))
    assert 10_000 * values / len(plan.jobs) < MOST_VALUES
