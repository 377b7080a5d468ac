"""Sessions in the store of a farm: published by who planned them, fetched by who makes tables of them."""

from collections.abc import Collection
from pathlib import Path

from mbench.core.results import DevicePlan
from mbench.store.files import replace_file
from mbench.store.objects import open_objects
from mbench.store.outbox import Outbox
from mbench.store.session_store import SessionStore
from mbench.store.shared import get_ending, get_examples, get_session, put_plan
from mbench.workflows.farm.blobs import put_blobs


def publish(store: SessionStore, url: str, *, binary: Path | None = None) -> None:
    """Put a session where all hosts find it: its plan, what it needs, and what of it is done. May be repeated.

    Args:
        store: the session.
        url: of the farm's store, or a folder.
        binary: the user's own benchmark_model, where it is not among the kept ones.

    Raises:
        StoreError: the store does not take it, or holds another session of this name, or something is not at hand.
        ArtifactError: a model is no longer in this host's cache.
        UsageError: there is no driver for the URL.
    """
    objects = open_objects(url)
    put_blobs(store.plan, objects, binary=binary)
    outbox = Outbox(objects, store.path.parent)
    for part in store.plan.devices:
        outbox.send(store, part)
    put_plan(store, objects)  # last: who finds it finds all


def fetch(url: str, session: str, into: Path, *, serials: Collection[str] | None = None) -> SessionStore:
    """Bring what the farm's store has of a session, and a results folder lacks; may be repeated while it is measured.

    Args:
        url: of the farm's store, or a folder.
        session: its name.
        into: the results folder.
        serials: of the devices whose parts are brought; None: all.

    Raises:
        StoreError: the store is not reached, holds no such session, or an object is damaged.
        UsageError: there is no driver for the URL.
    """
    objects = open_objects(url)
    store = get_session(objects, session, into)
    outbox = Outbox(objects, into)
    get_examples(objects, store)
    for part in store.plan.devices:
        if serials is not None and part.device.serial not in serials:
            continue
        outbox.receive(store, part)
        _bring_ending(store, part, get_ending(objects, store, part))
    return store


def _bring_ending(store: SessionStore, part: DevicePlan, data: bytes | None) -> None:
    if data is None:
        store.remove_ending(part.device.serial)
        return
    path = store.ending_path(part)
    path.parent.mkdir(exist_ok=True)
    replace_file(path, data)
