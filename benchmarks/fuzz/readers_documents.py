"""Readers of documents: what a session folder holds, suites, profiles, records, and texts that a user names."""

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.fuzz.folders import pack, unpack
from benchmarks.fuzz.reader import Form, Reader
from benchmarks.fuzz.recorded import recorded, recorded_folder
from mbench.accuracy.host.kept_scores import KeptScore, ScoreRequest, keep_score, read_score
from mbench.artifacts.cache import ArtifactCache
from mbench.core.builds.sweeps import expand, parse_sweep
from mbench.core.builds.variants import parse_variant
from mbench.core.delegates import parse_delegate
from mbench.core.errors import UsageError
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.results import JobResult, Plan
from mbench.core.scores import Metric, Score
from mbench.core.workloads import Document
from mbench.devices.host.facts import parse_cpus
from mbench.devices.profiles.check import check_profile
from mbench.devices.profiles.profile import SHIPPED as PROFILES
from mbench.devices.profiles.profile import load_profiles, parse_profile
from mbench.paper import suites
from mbench.report.results.delimited import as_csv, as_json
from mbench.report.results.report import report_markdown
from mbench.report.results.rows.job_rows import row_of
from mbench.store.documents import RunDocument, parse_document
from mbench.store.session import find_session, open_session
from mbench.store.shared import unpacked_run
from mbench.workflows.paper.suites import shown

_SESSION: Final = "results/format-*/2026*"


def _document(model: type[Document]) -> Callable[[bytes, Path], object]:
    return lambda data, _: parse_document(data, model, source="the document")


def _sessions() -> Sequence[bytes]:
    return [pack(recorded_folder(f"results/format-{version}/2026*")) for version in (1, 2)]


def _session_folder(data: bytes, folder: Path) -> Path:
    """Return the session of an input in a folder of the name that its plan says: who sends one would call it so."""
    made = folder / "unnamed"
    made.mkdir()
    unpack(data, made)
    plan = made / "plan.json"
    text = plan.read_bytes() if plan.is_file() and not plan.is_symlink() else b""
    said = re.search(rb'"session":\s*"([\w.-]{1,100})"', text)
    return made.rename(folder / said[1].decode()) if said else made


def _read_session(data: bytes, folder: Path) -> object:
    session = open_session(_session_folder(data, folder))
    return session.results(), [session.raw(run, name) for run in session.runs("canary") for name in run.files]


def _read_for_report(data: bytes, folder: Path) -> object:
    results = open_session(_session_folder(data, folder)).results()
    rows = [row_of(result) for result in results]
    return report_markdown(results), as_csv(rows), as_json(rows)


def _stored_runs() -> Sequence[bytes]:
    return [
        pack({"run.json": data, "stdout.txt": b"12 us\n"}) for data in recorded(f"{_SESSION}/runs/*/*-0/run.json")()
    ]


def _read_latest(data: bytes, folder: Path) -> object:
    (folder / "20260115-093000-host-alpha-1a2b").mkdir()
    (folder / "20260115-093000-host-alpha-1a2b" / "plan.json").touch()
    (folder / "LATEST").write_bytes(data)
    return find_session(folder, None)


def _suites() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted(suites.SHIPPED.rglob("*.toml"))[:12]]


def _read_suite(data: bytes, folder: Path) -> object:
    path = folder / "suite.toml"
    path.write_bytes(data)
    return [*shown(str(path))]


def _profiles() -> Sequence[bytes]:
    return [path.read_bytes() for path in sorted(PROFILES.glob("*.toml"))]


def _read_profile(data: bytes, folder: Path) -> object:
    (folder / "own.toml").write_bytes(data)
    return load_profiles(user_folder=folder)


def _check_profile(data: bytes, _: Path) -> object:
    text = data.decode("utf-8", "replace")
    return check_profile(text, source="the profile") or parse_profile(text, source="the profile")


def _score_request() -> ScoreRequest:
    facts = DatasetFacts(
        name="digits", task=Task.CLASSIFICATION, split=Split.TEST, examples=4, classes=10, sha256="0" * 64
    )
    return ScoreRequest(
        artifact_sha256="1" * 64,
        dataset=facts,
        preprocessing="plain",
        label_offset=None,
        asked=None,
        seed=0,
        delegate="cpu",
        runtime="2.3.0",
    )


def _kept_scores() -> Sequence[bytes]:
    request = _score_request()
    score = Score(
        artifact_sha256=request.artifact_sha256,
        place="host",
        delegate="cpu",
        dataset=request.dataset,
        preprocessing="plain",
        asked=4,
        scored=4,
        metrics=(Metric(name="top1", value=0.5, low=0.1, high=0.9, examples=4),),
        seconds=1.0,
    )
    with tempfile.TemporaryDirectory() as folder:
        keep_score(Path(folder), request, score, notes=("a note",))
        return [path.read_bytes() for path in Path(folder).iterdir()]


def _read_score(data: bytes, folder: Path) -> object:
    request = _score_request()
    (folder / f"{request.key()}.json").write_bytes(_with_right_sum(data))
    return read_score(folder, request)


def _with_right_sum(data: bytes) -> bytes:
    """Return a kept score with the hash that its content has, where it has one: whoever forges it can do so."""
    try:
        kept = KeptScore.model_validate_json(data)
    except ValueError:
        return data
    whole = hashlib.sha256(kept.score.model_dump_json().encode())
    for note in kept.notes:
        whole.update(b"\n" + note.encode())
    return kept.model_copy(update={"sha256": whole.hexdigest()}).model_dump_json().encode()


def _cache_records() -> Sequence[bytes]:
    plan = json.loads(recorded(f"{_SESSION}/plan.json")()[-1])
    artifact = plan["devices"][0]["jobs"][0]["workload"]["artifact"]
    record: dict[str, Any] = {
        "digest": "0" * 64,
        "facts": artifact,
        "recipe": {"seed": 1},
        "created_at": "2026-01-01T00:00:00Z",
        "build_s": 1.5,
    }
    return [json.dumps(record).encode()]


def _read_cache_record(data: bytes, folder: Path) -> object:
    (folder / "recipes").mkdir()
    (folder / "recipes" / f"{'0' * 64}.json").write_bytes(data)
    cache = ArtifactCache(folder)
    return cache.entries(), cache.get("0" * 64)


def _typed() -> Sequence[bytes]:
    return [
        b"mobilenet_v1_0.50_160_int8",
        b"mobilenet_v1_1.00_224_dogs120_int8",
        b"alpha=1.0,0.75",
        b"resolution=224,128",
        b"threads=1,2,4",
        b"external:/data/local/tmp/lib.so?key:value;more:1",
        b"gpu:fp32:cl",
        b"0-3,6",
    ]


def _read_typed(data: bytes, _: Path) -> object:
    text, ends = data.decode("utf-8", "surrogateescape"), []
    for parse in (
        parse_variant,
        lambda text: [*expand([parse_sweep(text)])],
        parse_delegate,
        lambda text: parse_cpus(text, allowed=range(8)),
    ):
        ends.append(_unless_refused(parse, text))
    return ends


def _unless_refused(parse: Callable[[str], object], text: str) -> object:
    try:
        return parse(text)
    except UsageError as error:
        return error


READERS: Final = (
    Reader(name="plan", form=Form.JSON, seeds=recorded(f"{_SESSION}/plan.json"), read=_document(Plan)),
    Reader(name="job", form=Form.JSON, seeds=recorded(f"{_SESSION}/jobs/*.json"), read=_document(JobResult)),
    Reader(name="run", form=Form.JSON, seeds=recorded(f"{_SESSION}/runs/*/*-0/run.json"), read=_document(RunDocument)),
    Reader(
        name="stored-run",
        form=Form.ARCHIVE,
        seeds=_stored_runs,
        read=lambda data, _: unpacked_run(data, source="latency-0.zip"),
    ),
    Reader(name="session", form=Form.FOLDER, seeds=_sessions, read=_read_session),
    Reader(name="report", form=Form.FOLDER, seeds=_sessions, read=_read_for_report),
    Reader(name="latest", form=Form.TEXT, seeds=lambda: [b"20260115-093000-host-alpha-1a2b\n"], read=_read_latest),
    Reader(name="suite", form=Form.TOML, seeds=_suites, read=_read_suite),
    Reader(name="profile", form=Form.TOML, seeds=_profiles, read=_read_profile),
    Reader(name="profile-check", form=Form.TOML, seeds=_profiles, read=_check_profile),
    Reader(name="kept-score", form=Form.JSON, seeds=_kept_scores, read=_read_score),
    Reader(name="cache-record", form=Form.JSON, seeds=_cache_records, read=_read_cache_record),
    Reader(name="typed", form=Form.TEXT, seeds=_typed, read=_read_typed),
)
