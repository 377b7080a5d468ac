"""Batches decoded as they are needed, by worker processes, a few ahead of the step that wants them."""

import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final

import numpy as np
import numpy.typing as npt

from mbench.core.errors import TrainingFailed
from mbench.core.processes.workers import end_with_parent, spawning, why_ended
from mbench.models.training.distortions import crop
from mbench.models.training.examples import Pictures, TrainingExamples

GO_ON: Final = "free some, then give the same command: it goes on from its last epoch"

AHEAD: Final = 2
"""Batches that wait for a step, per worker."""

Boxes = npt.NDArray[np.float32]

_examples: TrainingExamples | None = None


class BatchLoader:
    """Worker processes that decode; close it when the training ends."""

    def __init__(self, examples: TrainingExamples, *, resolution: int, workers: int) -> None:
        self._resolution = resolution
        self._ahead = AHEAD * workers
        self._pool = ProcessPoolExecutor(
            max_workers=workers, mp_context=spawning(), initializer=_remember, initargs=(examples,)
        )

    def batches(self, order: Sequence[npt.NDArray[np.int64]], boxes: Sequence[Boxes] | None) -> Iterator[Pictures]:
        """Yield each batch in order, (n, r, r, 3) uint8.

        Args:
            order: the indexes of each batch.
            boxes: what is kept of each original; None: the evaluation pictures.

        Raises:
            UnreadableExample: one cannot be decoded.
            TrainingFailed: a worker died.
        """
        waiting: deque[Future[Pictures]] = deque()
        todo = iter(range(len(order)))
        try:
            while True:
                while len(waiting) < self._ahead and (step := next(todo, None)) is not None:
                    cuts = None if boxes is None else boxes[step]
                    waiting.append(self._pool.submit(_decode, order[step], cuts, self._resolution))
                if not waiting:
                    return
                yield waiting.popleft().result()
        except BrokenProcessPool:
            why = why_ended([*(self._pool._processes or {}).values()], more_memory=GO_ON)
            raise TrainingFailed(f"a process that decodes pictures {why}.") from None
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """End the workers."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _remember(examples: TrainingExamples) -> None:
    global _examples
    _examples = examples
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def _decode(indexes: npt.NDArray[np.int64], boxes: Boxes | None, resolution: int) -> Pictures:
    """Decode one batch; runs in a worker process."""
    if _examples is None:
        raise TrainingFailed("a decoding process was started without examples; this is a defect of mbench.")
    pictures = [_examples.examples.picture(int(index)) for index in indexes]
    if boxes is None:
        return np.stack([_examples.prepare(picture) for picture in pictures])
    return np.stack([crop(picture, box, resolution) for picture, box in zip(pictures, boxes, strict=True)])
