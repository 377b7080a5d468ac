"""Pins: what is named with a reason is not pruned; a damaged file of pins is not taken for one without any."""

import hashlib

import pytest

from mbench.artifacts.cache import ArtifactCache
from mbench.artifacts.pins import LONGEST_REASON
from mbench.core.errors import ArtifactError


def kept(cache: ArtifactCache, data: bytes) -> str:
    cache.keep_file(data)
    return hashlib.sha256(data).hexdigest()


def pinned(cache: ArtifactCache) -> dict[str, str | None]:
    return {entry.name: entry.pinned for entry in cache.entries()}


def test_an_entry_says_why_it_is_pinned_and_by_whom(tmp_path):
    cache = ArtifactCache(tmp_path)
    one, other = kept(cache, b"one"), kept(cache, b"other")
    assert pinned(cache) == {one: None, other: None}
    cache.pin("camera", {one: "accepted on 2026-11-20"})
    assert pinned(cache) == {one: "camera: accepted on 2026-11-20", other: None}


def test_an_owner_replaces_what_it_pinned_and_leaves_alone_what_others_pin(tmp_path):
    cache = ArtifactCache(tmp_path)
    one, other = kept(cache, b"one"), kept(cache, b"other")
    cache.pin("b", {one: "first"})
    cache.pin("a", {one: "second", other: "third"})
    assert pinned(cache) == {one: "a: second", other: "a: third"}
    cache.pin("a", {})
    assert pinned(cache) == {one: "b: first", other: None}


def test_a_pin_of_what_is_not_there_does_no_harm(tmp_path):
    cache = ArtifactCache(tmp_path)
    cache.pin("a", {"0" * 64: "gone"})
    assert cache.entries() == ()


@pytest.mark.parametrize(
    ("owner", "sha256"), [("../a", "0" * 64), (".a", "0" * 64), ("", "0" * 64), ("a", "0" * 63), ("a", "G" * 64)]
)
def test_what_cannot_be_pinned_is_refused(tmp_path, owner, sha256):
    with pytest.raises(ArtifactError, match="cannot"):
        ArtifactCache(tmp_path).pin(owner, {sha256: "reason"})
    assert not (tmp_path / "pins").exists()


def test_a_long_reason_is_cut(tmp_path):
    cache = ArtifactCache(tmp_path)
    one = kept(cache, b"one")
    cache.pin("a", {one: "x" * (LONGEST_REASON + 1)})
    assert pinned(cache) == {one: "a: " + "x" * LONGEST_REASON}


@pytest.mark.parametrize("text", [b"", b"{}", b'{"format_version": 2, "pins": {}}', b"\xff"])
def test_nothing_can_be_pruned_while_a_file_of_pins_is_damaged(tmp_path, text):
    cache = ArtifactCache(tmp_path)
    cache.pin("a", {kept(cache, b"one"): "reason"})
    (tmp_path / "pins" / "a.json").write_bytes(text)
    with pytest.raises(ArtifactError, match=r"a\.json: damaged"):
        cache.entries()
