"""One training on several processes or accelerators, by tensorflow's strategies.

`parameter-server` is what the paper did (section 3.2: "asynchronous gradient descent"): workers take gradients of
batches at their own pace and apply each at once to the variables on the parameter servers, however many steps others
took meanwhile. So weights do not repeat, not even on one machine. Keras 3 has no `fit` for this strategy; here each
step is a closure that tensorflow's `ClusterCoordinator` gives to whichever worker is free.

`mirrored` (accelerators of one machine) and `multi-worker` (machines) add gradients up before each step.

Batches are decoded, or cut out of memory, by the process that coordinates, and travel with the step.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mbench.core.choices import Distribution
from mbench.core.errors import UsageError
from mbench.models.training.clusters import CHIEF, SERVER, Cluster, configured_cluster, keep_to_loopback, local_cluster
from mbench.models.training.distortions import Draws
from mbench.models.training.examples import Pictures, Taught, Truths
from mbench.models.training.feeding import EVALUATION_BATCH, Advanced, LossesAndHits, Order, mean_of
from mbench.models.training.network import Network, build_network
from mbench.models.training.recipe import TrainingRecipe
from mbench.models.training.steps import Stepper, signature

AHEAD: Final = 16
"""Steps that are given out before any of them is waited for, per worker."""


class Arrangement:
    """A strategy, and how it takes an epoch's steps."""

    def __init__(self, strategy: Any, *, replicas: int) -> None:
        self._strategy = strategy
        self._replicas = replicas

    def scope(self) -> Any:
        """Return the context in which variables are made."""
        return self._strategy.scope()

    def feed(
        self, stepper: Stepper, pictures: Pictures | None, truths: Truths, taught: Taught
    ) -> "MirroredFeed | ParameterServerFeed":
        """Return what feeds the steps.

        Raises:
            UsageError: pictures that do not fit into memory, or batches that cannot be shared out.
        """
        if pictures is None:
            raise UsageError("a distributed training takes pictures that fit into memory; choose a lower resolution.")
        if self._replicas == 0:
            return ParameterServerFeed(self._strategy, stepper, (pictures, truths, taught))
        if stepper.recipe.batch % self._replicas:
            raise UsageError(f"a batch of {stepper.recipe.batch} cannot be shared out to {self._replicas} replicas.")
        return MirroredFeed(self._strategy, self._replicas, stepper, (pictures, truths, taught))


@contextmanager
def arranged(recipe: TrainingRecipe, *, servers: int, threads: int) -> Iterator[Arrangement | None]:
    """Give the arrangement that a recipe wants, its cluster being there for the block; None: one process.

    Raises:
        UsageError: no cluster is configured where one is needed, or another role than the one that trains.
    """
    import tensorflow as tf

    with ExitStack() as stack:
        match recipe.distribution:
            case None:
                yield None
            case Distribution.MIRRORED:
                strategy = tf.distribute.MirroredStrategy(_devices(recipe.workers))
                yield Arrangement(strategy, replicas=strategy.num_replicas_in_sync)
            case Distribution.MULTI_WORKER:
                if configured_cluster() is None:
                    raise UsageError(
                        "--distribute multi-worker needs TF_CONFIG on every machine; see tensorflow's guide."
                    )
                strategy = tf.distribute.MultiWorkerMirroredStrategy()
                yield Arrangement(strategy, replicas=strategy.num_replicas_in_sync)
            case Distribution.PARAMETER_SERVER:
                configured = configured_cluster()
                cluster = configured or stack.enter_context(
                    local_cluster(workers=recipe.workers or 2, servers=servers, threads=threads)
                )
                strategy = _parameter_servers(cluster)
                if configured is None:
                    keep_to_loopback()  # the strategy has made a server of this process, too
                yield Arrangement(strategy, replicas=0)


def _devices(asked: int | None) -> list[str] | None:
    """Return all accelerators; without any, as many devices as were asked for, into which the CPU is divided."""
    import tensorflow as tf

    if tf.config.list_logical_devices("GPU") or asked is None:
        return None
    return [device.name for device in tf.config.list_logical_devices("CPU")][:asked]


def _parameter_servers(cluster: Cluster) -> Any:
    import tensorflow as tf

    if cluster.role != CHIEF or not cluster.workers or not cluster.roles.get(SERVER):
        raise UsageError(
            "parameter-server needs workers and ps in TF_CONFIG, and is started by the chief; each of the others runs "
            "`python -m mbench.models.training.clusters`."
        )
    known = {role: list(addresses) for role, addresses in cluster.roles.items()}
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(tf.train.ClusterSpec(known), rpc_layer="grpc")
    return tf.distribute.ParameterServerStrategy(resolver)


Kept = tuple[Pictures, Truths, Taught]


class ParameterServerFeed:
    """Gives each step to a free worker; asynchronous."""

    def __init__(self, strategy: Any, stepper: Stepper, kept: Kept) -> None:
        import tensorflow as tf

        self._coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
        self._workers = strategy._extended._num_workers  # no public way, and only how far to go ahead hangs on it
        self._kept = kept
        self._step = stepper.over_batches()
        self._evaluate = LocalEvaluator(stepper, kept)

    def train(
        self, order: Order, rates: npt.NDArray[np.float32], draws: Draws, advanced: Advanced
    ) -> Iterator[LossesAndHits]:
        """Take the steps of an epoch, in whatever order workers finish them."""
        window = AHEAD * self._workers
        for start in range(0, len(order), window):
            steps = range(start, min(start + window, len(order)))
            given = [
                self._coordinator.schedule(self._step, args=_arguments(self._kept, order[step], step, rates, draws))
                for step in steps
            ]
            self._coordinator.join()
            advanced(len(given) * order.shape[1])
            yield np.stack([np.asarray(one.fetch()) for one in given])

    def evaluate(self, indexes: Order) -> tuple[float, float]:
        """Evaluate examples with a copy of the variables."""
        return self._evaluate(indexes)

    def close(self) -> None:
        """The cluster is ended by who started it."""


class MirroredFeed:
    """Takes each step on all replicas at once, each with its share of the batch; synchronous."""

    def __init__(self, strategy: Any, replicas: int, stepper: Stepper, kept: Kept) -> None:
        import tensorflow as tf

        share = stepper.recipe.batch // replicas
        shared = replace(stepper, gather=_averaged)

        def replica(*arguments: Any) -> Any:
            pictures, truths, taught, rate, boxes, flips, colours = arguments
            begin = tf.distribute.get_replica_context().replica_id_in_sync_group * share
            mine = [
                tf.slice(part, _begin(part, begin), _size(part, share))
                for part in (pictures, truths, taught, boxes, flips, colours)
            ]
            return tf.stack(shared.step(mine[0], mine[1], mine[2], rate, (mine[3], mine[4], mine[5])))

        def step(*arguments: Any) -> Any:
            each = strategy.run(replica, args=arguments)
            return strategy.reduce(tf.distribute.ReduceOp.MEAN, each, axis=None)

        self._step = tf.function(step)
        self._kept = kept
        self._evaluate = LocalEvaluator(stepper, kept)

    def train(
        self, order: Order, rates: npt.NDArray[np.float32], draws: Draws, advanced: Advanced
    ) -> Iterator[LossesAndHits]:
        """Take the steps of an epoch."""
        for step in range(len(order)):
            losses_and_hits = self._step(*_arguments(self._kept, order[step], step, rates, draws)).numpy()
            advanced(order.shape[1])
            yield losses_and_hits[None]

    def evaluate(self, indexes: Order) -> tuple[float, float]:
        """Evaluate examples with a copy of the variables."""
        return self._evaluate(indexes)

    def close(self) -> None:
        """Nothing is to be let go of."""


class LocalEvaluator:
    """Evaluates with a copy of the network in this process, outside of any strategy."""

    def __init__(self, stepper: Stepper, kept: Kept) -> None:
        self._trained: Network = stepper.network
        self._copy: Network = build_network(stepper.recipe, None)
        self._evaluate = replace(stepper, network=self._copy).evaluation()
        self._pictures, self._truths, _ = kept

    def __call__(self, indexes: Order) -> tuple[float, float]:
        """Return mean loss and share of right answers."""
        self._copy.set_values(self._trained.values())
        parts = [indexes[start : start + EVALUATION_BATCH] for start in range(0, len(indexes), EVALUATION_BATCH)]
        return mean_of(self._evaluate(self._pictures[part], self._truths[part]).numpy() for part in parts)


def _averaged(gradients: dict[str, Any]) -> dict[str, Any]:
    """Return the mean of all replicas' gradients, in each of them."""
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    means: Sequence[Any] = context.all_reduce(tf.distribute.ReduceOp.MEAN, list(gradients.values()))
    return dict(zip(gradients, means, strict=True))


def _arguments(
    kept: Kept, chosen: npt.NDArray[np.int64], step: int, rates: npt.NDArray[np.float32], draws: Draws
) -> tuple[Any, ...]:
    import tensorflow as tf

    drawn = (part[0] for part in signature(draws.part(slice(step, step + 1))))
    return (*(tf.constant(part[chosen]) for part in kept), tf.constant(rates[step]), *drawn)


def _begin(part: Any, begin: Any) -> Any:
    import tensorflow as tf

    return tf.concat([[begin], tf.zeros(len(part.shape) - 1, tf.int32)], axis=0)


def _size(part: Any, share: int) -> list[int]:
    return [share, *part.shape[1:]]
