"""Verdicts beside their sessions: kept, read again, replaced; never another session's."""

import json
import re

import jsonschema
import pytest
from sample_nights import a_night, document, judged
from sample_verdicts import certain, finding

from mbench.core.errors import NewerFormat, NoSession, StoreError
from mbench.core.nights.verdicts import FindingClass
from mbench.store.documents import schema
from mbench.store.verdicts import VERDICT_FILE, last_judged, read_verdict, save_verdict


def test_a_verdict_is_read_as_it_was_kept_and_may_be_replaced(tmp_path):
    path = judged(tmp_path, finding())
    assert read_verdict(path) == document(path.name, finding())
    again = document(path.name, certain(FindingClass.SIZE))
    save_verdict(path, again)
    assert read_verdict(path) == again


def test_a_session_that_was_not_judged_has_none(tmp_path):
    assert read_verdict(a_night(tmp_path)) is None


def test_the_published_schema_describes_it(tmp_path):
    kept = json.loads((judged(tmp_path, finding()) / VERDICT_FILE).read_text(encoding="utf-8"))
    published = schema()
    jsonschema.validate(kept, published)
    assert "VerdictDocument" in published["$defs"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(kept | {"colour": "red"}, published)


def test_a_verdict_of_another_session_is_refused(tmp_path):
    path, other = judged(tmp_path), judged(tmp_path, earlier_s=60)
    (path / VERDICT_FILE).write_bytes((other / VERDICT_FILE).read_bytes())
    with pytest.raises(StoreError, match=re.escape(f"it is the verdict of session '{other.name}'")):
        read_verdict(path)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"format_version": 99}, NewerFormat, "newer mbench"),
        ({"kind": "night"}, StoreError, "kind"),
        ({"verdict": {}}, StoreError, "verdict"),
    ],
)
def test_what_is_damaged_or_newer_is_refused_with_its_place(tmp_path, change, error, said):
    path = judged(tmp_path)
    kept = json.loads((path / VERDICT_FILE).read_text(encoding="utf-8"))
    (path / VERDICT_FILE).write_text(json.dumps(kept | change), encoding="utf-8")
    with pytest.raises(error, match=said):
        read_verdict(path)


def test_a_link_is_not_followed(tmp_path):
    path = judged(tmp_path)
    (path / VERDICT_FILE).rename(tmp_path / "elsewhere.json")
    (path / VERDICT_FILE).symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(StoreError, match="symbolic link"):
        read_verdict(path)


def test_the_last_judged_night_is_the_one_that_began_last(tmp_path):
    with pytest.raises(NoSession, match="no judged night"):
        last_judged(tmp_path)
    later = judged(tmp_path, earlier_s=60)
    judged(tmp_path, earlier_s=3600)
    a_night(tmp_path)
    assert last_judged(tmp_path) == later
