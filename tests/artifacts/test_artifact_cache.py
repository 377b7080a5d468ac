"""The cache keeps what was put, proves it on reading, and forgets what has changed."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cache_samples import DATA, DIGEST, NOON, OTHER, facts_of, put

from mbench.artifacts.cache import BUILD_TIMEOUT_S, ArtifactCache
from mbench.core.errors import ArtifactError, DiskError, LockHeld


@pytest.fixture
def cache(tmp_path: Path) -> ArtifactCache:
    return ArtifactCache(tmp_path / "cache")


def test_an_empty_cache_finds_nothing_and_makes_no_folder(cache: ArtifactCache) -> None:
    assert cache.get(DIGEST) is None
    assert not cache.folder.exists()


def test_what_was_put_is_found_with_its_facts(cache: ArtifactCache) -> None:
    stored = put(cache)
    found = cache.get(DIGEST)
    assert found == stored
    assert found.path.read_bytes() == DATA
    assert (found.facts, found.record.recipe, found.record.build_s) == (facts_of(DATA), {"quantization": "fp32"}, 1.5)


def test_another_recipe_finds_nothing(cache: ArtifactCache) -> None:
    put(cache)
    assert cache.get(OTHER) is None


def test_equal_bytes_of_two_recipes_are_kept_once(cache: ArtifactCache) -> None:
    assert put(cache).path == put(cache, OTHER).path
    (entry,) = cache.entries()
    assert [path.suffix for path in entry.paths] == [".tflite", ".json", ".json"]
    assert entry.size_bytes == len(DATA) + sum(path.stat().st_size for path in entry.paths[1:])


def test_a_second_put_takes_the_place_of_the_first(cache: ArtifactCache) -> None:
    put(cache)
    put(cache, data=b"newer")
    found = cache.get(DIGEST)
    assert found is not None
    assert found.path.read_bytes() == b"newer"


def test_a_flipped_byte_forgets_the_entry_and_says_so(cache: ArtifactCache, caplog: pytest.LogCaptureFixture) -> None:
    path = put(cache).path
    path.write_bytes(b"N" + DATA[1:])
    assert cache.get(DIGEST) is None
    assert "has changed" in caplog.text
    assert not path.exists()
    assert not list((cache.folder / "recipes").iterdir())


def test_a_file_that_is_cut_short_forgets_the_entry(cache: ArtifactCache) -> None:
    path = put(cache).path
    path.write_bytes(DATA[:-1])
    assert cache.get(DIGEST) is None
    assert not path.exists()


def test_a_file_that_is_gone_forgets_the_entry(cache: ArtifactCache, caplog: pytest.LogCaptureFixture) -> None:
    put(cache).path.unlink()
    assert cache.get(DIGEST) is None
    assert "is gone" in caplog.text


def test_a_file_that_is_looked_for_and_not_there_is_no_fault_of_the_cache(
    cache: ArtifactCache, caplog: pytest.LogCaptureFixture
) -> None:
    assert cache.find_file("1" * 64) is None
    assert caplog.text == ""


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format_version": 99}', b"\xff\xfe"])
def test_damaged_metadata_forgets_the_entry(
    cache: ArtifactCache, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    put(cache)
    record = cache.folder / "recipes" / f"{DIGEST}.json"
    record.write_bytes(damage or record.read_bytes()[:50])
    assert cache.get(DIGEST) is None
    assert "cannot be read" in caplog.text
    assert not record.exists()


def test_metadata_under_another_recipes_name_is_forgotten(cache: ArtifactCache) -> None:
    put(cache)
    recipes = cache.folder / "recipes"
    shutil.copy(recipes / f"{DIGEST}.json", recipes / f"{OTHER}.json")
    assert cache.get(OTHER) is None
    assert cache.get(DIGEST) is not None


def test_a_forgotten_entry_can_be_built_again(cache: ArtifactCache) -> None:
    put(cache).path.unlink()
    assert cache.get(DIGEST) is None
    put(cache)
    assert cache.get(DIGEST) is not None


def test_a_users_own_file_is_kept_under_its_hash(cache: ArtifactCache) -> None:
    path = cache.keep_file(DATA)
    assert cache.find_file(facts_of(DATA).sha256 or "") == path
    assert path.read_bytes() == DATA


def test_a_users_own_file_that_has_changed_is_not_found(cache: ArtifactCache) -> None:
    path = cache.keep_file(DATA)
    path.write_bytes(DATA[1:])
    assert cache.find_file(facts_of(DATA).sha256 or "") is None
    assert not path.exists()


def test_facts_of_other_bytes_are_refused(cache: ArtifactCache) -> None:
    with pytest.raises(ArtifactError, match="of other bytes"):
        cache.put(DIGEST, b"other", facts_of(DATA), recipe={}, created_at=NOON)


@pytest.mark.parametrize("digest", ["", "A" * 64, "../" * 10, "a" * 63])
def test_a_digest_that_is_none_never_becomes_a_path(cache: ArtifactCache, digest: str) -> None:
    with pytest.raises(ArtifactError, match="is no SHA-256"):
        cache.get(digest)


def test_folders_with_spaces_and_foreign_letters_work(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path / "mein Bücher-Regal ☃" / "キャッシュ")
    put(cache)
    assert cache.get(DIGEST) is not None


def test_a_file_in_the_folders_place_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(DiskError, match="MBENCH_HOME") as refusal:
        put(ArtifactCache(tmp_path / "cache"))
    assert "\n" not in str(refusal.value)


def test_a_folder_that_may_not_be_written_is_reported_in_one_line() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with ordinary_user(), pytest.raises(DiskError, match="Permission denied") as refusal:
            put(ArtifactCache(Path(folder) / "cache"))
    assert "\n" not in str(refusal.value)


def test_a_read_only_disk_can_still_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder, "size=1m"):
        put_elsewhere(folder / "cache")
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        assert ArtifactCache(folder / "cache").get(DIGEST) is not None
        with pytest.raises(DiskError, match="Read-only file system"):
            put(ArtifactCache(folder / "cache"), OTHER)


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder, "size=1m"):
        cache = ArtifactCache(folder / "cache")
        put(cache)
        with pytest.raises(DiskError, match="No space left on device") as refusal:
            put(cache, OTHER, data=bytes(2 << 20))
        assert "\n" not in str(refusal.value)
        assert [path.name for path in (cache.folder / "files").iterdir()] == [f"{facts_of(DATA).sha256}.tflite"]
        assert cache.get(OTHER) is None
        assert cache.get(DIGEST) is not None


def test_a_write_that_the_system_cuts_off_leaves_nothing(tmp_path: Path) -> None:
    """A limit on the size of files fails the write half-way, as a full disk does, without any privilege."""
    cache = ArtifactCache(tmp_path / "cache")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        with pytest.raises(DiskError, match="File too large"):
            put(cache, data=bytes(1 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((cache.folder / "files").iterdir()) == []


def test_two_processes_build_the_same_only_once(tmp_path: Path) -> None:
    script = tmp_path / "build.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import os, sys, time
            from pathlib import Path
            sys.path[:0] = {sys.path!r}
            from cache_samples import DIGEST, put
            from mbench.artifacts.cache import ArtifactCache

            cache = ArtifactCache(Path({str(tmp_path / "cache")!r}))
            with cache.building(DIGEST):
                if cache.get(DIGEST) is None:
                    Path({str(tmp_path)!r}, f"built-{{os.getpid()}}").touch()
                    time.sleep(0.5)
                    put(cache)
            sys.exit(cache.get(DIGEST) is None)
            """
        )
    )
    both = [subprocess.Popen([sys.executable, script]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(list(tmp_path.glob("built-*"))) == 1


def test_two_processes_put_and_get_the_same_without_ever_seeing_half(tmp_path: Path) -> None:
    script = tmp_path / "hammer.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import sys
            from pathlib import Path
            sys.path[:0] = {sys.path!r}
            from cache_samples import DIGEST, put
            from mbench.artifacts.cache import ArtifactCache

            cache = ArtifactCache(Path({str(tmp_path / "cache")!r}))
            for _ in range(40):
                put(cache, data=bytes(300_000))
                if cache.get(DIGEST) is None:
                    sys.exit(1)
            """
        )
    )
    both = [subprocess.Popen([sys.executable, script]) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]


def test_the_lock_of_a_killed_builder_is_free(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path / "cache")
    script = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from pathlib import Path\n"
        "from mbench.artifacts.cache import ArtifactCache\n"
        f"with ArtifactCache(Path({str(cache.folder)!r})).building({DIGEST!r}):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script], **pipes) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(LockHeld, match="another process still holds it after"),
            cache.building(DIGEST, timeout_s=0.2),
        ):
            pass
        holder.kill()
    with cache.building(DIGEST, timeout_s=60):
        pass


def test_an_entry_was_used_when_it_was_last_looked_up(cache: ArtifactCache) -> None:
    path = put(cache).path
    for each in (path, cache.folder / "recipes" / f"{DIGEST}.json"):
        os.utime(each, (1000, 1000))
    assert [entry.used_s for entry in cache.entries()] == [1000]
    assert cache.get(DIGEST) is not None
    assert cache.entries()[0].used_s > time.time() - 3600


def test_removing_an_entry_removes_the_file_and_all_that_leads_to_it(cache: ArtifactCache) -> None:
    put_elsewhere(cache.folder, puts=("put(cache)", "put(cache, OTHER)", "put(cache, 'c' * 64, data=b'other')"))
    chosen = next(entry for entry in cache.entries() if entry.name == facts_of(DATA).sha256)
    assert cache.remove(chosen)
    assert [entry.name for entry in cache.entries()] == [facts_of(b"other").sha256]
    assert cache.get(DIGEST) is None
    assert cache.get("c" * 64) is not None


def test_what_a_dead_process_left_half_written_is_an_entry_once_nobody_can_be_writing_it(cache: ArtifactCache) -> None:
    left = cache.folder / "files" / ".writing-dead.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    assert cache.entries() == ()
    os.utime(left, (time.time() - BUILD_TIMEOUT_S - 60,) * 2)
    (entry,) = cache.entries()
    assert (entry.name, entry.size_bytes) == (".writing-dead.part", 4)
    assert cache.remove(entry)
    assert not left.exists()


USERS = {
    "find_file": "cache.find_file(sys.argv[2])",
    "get": "cache.get('a' * 64)",
    "keep_file": "cache.keep_file(b'not really a model' * 100)",
}


def test_a_file_that_another_process_uses_stays_until_that_ends(tmp_path: Path) -> None:
    """However it came to use it: each process in a cache of its own."""
    sha256 = facts_of(DATA).sha256 or ""
    caches = [tmp_path / how for how in USERS]
    put_elsewhere(*caches)
    users = [
        subprocess.Popen(
            (
                sys.executable,
                "-c",
                f"{USER}{USERS[folder.name]}\nprint('used', flush=True)\nsys.stdin.read()",
                folder,
                sha256,
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        for folder in caches
    ]
    try:
        for user in users:
            assert user.stdout is not None
            assert user.stdout.readline() == b"used\n"
        assert removed_elsewhere(sha256, *caches) == [False] * len(caches)
        assert all((folder / "files" / f"{sha256}.tflite").exists() for folder in caches)
    finally:
        for user in users:
            user.kill()
            user.communicate(timeout=20)
    assert removed_elsewhere(sha256, *caches) == [True] * len(caches)


def test_a_process_that_ended_or_was_killed_uses_nothing(cache: ArtifactCache) -> None:
    sha256 = facts_of(DATA).sha256 or ""
    elsewhere = (
        f"{USER}cache.keep_file(b'not really a model' * 100)\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run((sys.executable, "-c", elsewhere, cache.folder), check=False, cwd=Path(__file__).parents[2])
    assert cache.folder.exists()
    assert removed_elsewhere(sha256, cache.folder) == [True]
    assert not (cache.folder / "files" / f"{sha256}.tflite").exists()


USER = """
import sys
from pathlib import Path
from mbench.artifacts.cache import ArtifactCache
cache = ArtifactCache(Path(sys.argv[1]))
"""

PUTTER = """
import sys
from pathlib import Path
from cache_samples import OTHER, put
from mbench.artifacts.cache import ArtifactCache
for folder in sys.argv[1:]:
    cache = ArtifactCache(Path(folder))
"""

REMOVER = """
import sys
from pathlib import Path
from mbench.artifacts.cache import ArtifactCache
for folder in sys.argv[2:]:
    cache = ArtifactCache(Path(folder))
    (entry,) = [entry for entry in cache.entries() if entry.name == sys.argv[1]]
    print(cache.remove(entry))
"""


def put_elsewhere(*folders: Path, puts: tuple[str, ...] = ("put(cache)",)) -> None:
    """Put artifacts by a process that ends: what this one puts, it uses."""
    command = (sys.executable, "-c", PUTTER + "\n".join(f"    {each}" for each in puts), *folders)
    here = Path(__file__).parent  # named, since PYTHONSAFEPATH may be set, under which no folder is searched by itself
    search = os.pathsep.join(map(str, (here, here.parents[1])))
    subprocess.run(command, check=True, timeout=60, env={**os.environ, "PYTHONPATH": search})


def removed_elsewhere(sha256: str, *folders: Path) -> list[bool]:
    """Remove an entry in a process of its own, as `mbench cache` is: what this one holds is in its way, too."""
    done = subprocess.run(
        (sys.executable, "-c", REMOVER, sha256, *folders),
        check=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    return [{"True": True, "False": False}[line] for line in done.stdout.splitlines()]


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may write everywhere, so be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Put a small disk of its own into a folder; skip where the system does not permit that."""
    command = ["mount", "-t", "tmpfs", "-o", options, "none", folder]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # what this process used there, it uses to its end
