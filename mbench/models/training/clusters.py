"""Clusters of a distributed training: as `TF_CONFIG` tells, or processes of this machine that live as long as it does.

    TF_CONFIG='{"cluster": {"chief": ["a:2222"], "worker": ["b:2222", "c:2222"], "ps": ["d:2222"]},
                "task": {"type": "chief", "index": 0}}'

The form is tensorflow's own (`tf.distribute.cluster_resolver.TFConfigClusterResolver`).
"""

import json
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Final

import psutil

from mbench.core.errors import UsageError
from mbench.core.processes.workers import spawning
from mbench.models.tflite.quiet import quiet

VARIABLE: Final = "TF_CONFIG"
CHIEF, WORKER, SERVER = "chief", "worker", "ps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Addresses by role, and which of them this process is.

    Attributes:
        roles: `worker`, `ps`, `chief` to addresses `host:port`.
        role: of this process.
        index: within its role.
    """

    roles: Mapping[str, tuple[str, ...]]
    role: str = CHIEF
    index: int = 0

    @property
    def workers(self) -> int:
        """How many take gradients."""
        return len(self.roles.get(WORKER, ()))


def configured_cluster() -> Cluster | None:
    """Return the cluster that `TF_CONFIG` configures; None where it is not set.

    Raises:
        UsageError: it is not what tensorflow documents.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        document = json.loads(text)
        roles = {str(role): tuple(map(str, addresses)) for role, addresses in document["cluster"].items()}
        cluster = Cluster(roles=roles, role=str(document["task"]["type"]), index=int(document["task"]["index"]))
        roles[cluster.role][cluster.index]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise UsageError(
            f"{VARIABLE} cannot be read ({type(error).__name__}: {error}); it holds JSON with cluster and task, such "
            'as {"cluster": {"worker": ["a:2222"]}, "task": {"type": "worker", "index": 0}}.'
        ) from error
    return cluster


@contextmanager
def local_cluster(*, workers: int, servers: int, threads: int) -> Iterator[Cluster]:
    """Start workers and parameter servers as processes of this machine, on loopback; end them with the block.

    Args:
        workers: that take gradients.
        servers: that keep variables.
        threads: of each.
    """
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(workers + servers)]
    roles = {WORKER: tuple(addresses[:workers]), SERVER: tuple(addresses[workers:])}
    context = spawning()
    processes: list[BaseProcess] = [
        context.Process(target=serve_role, args=(Cluster(roles=roles, role=role, index=index), threads), daemon=True)
        for role, places in roles.items()
        for index in range(len(places))
    ]
    for process in processes:
        process.start()
    try:
        yield Cluster(roles=roles)
    finally:
        for process in processes:
            process.kill()  # a tensorflow server has no way to be asked
        for process in processes:
            process.join()


def serve_role(cluster: Cluster, threads: int | None = None) -> None:
    """Be a worker or a parameter server until this process is ended, or its parent is.

    Args:
        cluster: whose role it has.
        threads: of a process of `local_cluster`, which nobody elsewhere is to reach; None: as many as tensorflow takes.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with quiet(gpu=True):
        import tensorflow as tf

        if threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.distribute.Server(
            tf.train.ClusterSpec({role: list(addresses) for role, addresses in cluster.roles.items()}),
            job_name=cluster.role,
            task_index=cluster.index,
            protocol="grpc",
            start=True,
        )
        if threads is not None:
            keep_to_loopback()
        if (parent := parent_process()) is not None:
            wait([parent.sentinel])
            return
        signal.pause()


def keep_to_loopback() -> None:
    """Let whatever listens in this process be reached from this machine alone.

    tensorflow's servers listen on every interface and run what anybody sends them. Linux lets every user do this from
    5.7 on (SO_BINDTODEVICE, socket(7)); elsewhere they stay as they are.
    """
    if not hasattr(socket, "SO_BINDTODEVICE"):
        return
    for connection in psutil.Process().net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN:
            with suppress(OSError), socket.socket(fileno=os.dup(connection.fd)) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")


def main() -> None:
    """Be what `TF_CONFIG` says: `python -m mbench.models.training.clusters`, on each machine but the chief's."""
    cluster = configured_cluster()
    if cluster is None or cluster.role not in {WORKER, SERVER}:
        raise SystemExit(f"{VARIABLE} is to say that this process is a {WORKER} or a {SERVER} of a cluster.")
    serve_role(cluster)


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody listened on a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


if __name__ == "__main__":
    main()
