"""Does scoring on this host keep all cores as busy as bare loops over decoding, resizing and Invoke() do?

    python -m benchmarks.host_scores

Scores a file, and six files that share the decoded pictures, by `mbench.accuracy` with its processes running; and does
the same work in as many bare processes, each of which decodes and resizes its share and then invokes each file on it,
with nothing kept, ranked, checked or written. Both in turn, several times; a ratio is what the bare loops take over
what we take, in wall time and, since that is fair on an idle machine alone, in processor time of all processes. Uses
the photographs and the smaller file in MBENCH_TEST_DATA, repeated; without them, generated JPEGs and a built variant.
"""

import io
import json
import os
import pickle
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

from mbench.accuracy.host.inference import answer, open_file
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.pictures.decoding import decode
from mbench.accuracy.pictures.recipes import find_recipe
from mbench.accuracy.tasks.top_k import BestAnswers
from mbench.core.delegates import Delegate
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.ports import SilentProgress
from mbench.core.processes.workers import spawning

EXAMPLES = 1000
REPETITIONS = 7
SHARING = 6
_QUIET = SilentProgress()


@dataclass(frozen=True)
class Jpegs:
    """JPEGs in memory, repeated to a number; `salt` makes a set that was never prepared."""

    files: tuple[bytes, ...]
    count: int
    salt: int = 0

    @property
    def facts(self) -> DatasetFacts:
        """Return an identity that no other repetition has."""
        digest = sha256(f"{self.salt} {self.count}".encode() + b"".join(self.files)).hexdigest()
        return DatasetFacts(
            name="jpegs", task=Task.CLASSIFICATION, split=Split.TEST, sha256=digest, examples=self.count, classes=1000
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Nobody needs them."""
        return ()

    def __len__(self) -> int:
        return self.count

    def name(self, index: int) -> str:
        """Return what a message would call one."""
        return f"JPEG #{index}"

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Decode one."""
        return decode(self.files[index % len(self.files)], source=self.name(index))

    def orientation(self, index: int) -> int:
        """Return 1: as it is stored."""
        return 1

    def truth(self, index: int) -> int:
        """Return a class; nobody asks whether it is right."""
        return index % 1000


def run(*, examples: int = EXAMPLES, repetitions: int = REPETITIONS) -> dict[str, Any]:
    """Measures and returns the figures; a ratio is the bare loops' seconds over ours, 1.0 is as fast."""
    with tempfile.TemporaryDirectory() as folder, _model(Path(folder)) as model:
        jpegs = Jpegs(_jpegs(), examples)
        figures: dict[str, Any] = {"model": model.name, "examples": examples, "repetitions": repetitions}
        with HostPool() as pool:
            figures["processes"] = pool.workers
            _ours(replace(jpegs, salt=-1, count=64), model, 1, pool, Path(folder))  # starts the processes
            for name, files in (("one_file", 1), (f"{SHARING}_files", SHARING)):
                pairs = [
                    (
                        _ours(replace(jpegs, salt=files * 1000 + turn), model, files, pool, Path(folder)),
                        _bare(jpegs, model, files, pool.workers),
                    )
                    for turn in range(repetitions)
                ]
                figures[name] = _compared([ours.wall for ours, _ in pairs], [bare.wall for _, bare in pairs]) | {
                    "processor": _compared([ours.cpu for ours, _ in pairs], [bare.cpu for _, bare in pairs])
                }
        return figures


@dataclass(frozen=True)
class Seconds:
    """What work took: by the clock on the wall, and of all processes' cores."""

    wall: float
    cpu: float


def _compared(ours: list[float], bare: list[float]) -> dict[str, Any]:
    ratios = sorted(round(theirs / own, 3) for own, theirs in zip(ours, bare, strict=True))
    return {
        "ours_s": round(statistics.median(ours), 3),
        "bare_s": round(statistics.median(bare), 3),
        "ratio": statistics.median(ratios),
        "ratios": ratios,
    }


def _ours(jpegs: Jpegs, model: Path, files: int, pool: HostPool, folder: Path) -> Seconds:
    recipe = find_recipe("inception")
    start, cpu = time.perf_counter(), _cpu_seconds()
    opened = open_file(model, delegate=Delegate.CPU, pool=pool)
    resolution = opened.picture_input().shape[1]
    prepared = prepare(
        jpegs, recipe, resolution, asked=None, seed=0, folder=folder / "prepared", pool=pool, progress=_QUIET
    )
    for _ in range(files):
        answer(opened, prepared, recipe.scaling, keep=BestAnswers(5), pool=pool, progress=_QUIET)
    return Seconds(wall=time.perf_counter() - start, cpu=_cpu_seconds() - cpu)


def _cpu_seconds() -> float:
    """Returns what this process and its workers have taken of the cores."""
    times = [psutil.Process(process).cpu_times() for process in (None, *(child.pid for child in active_children()))]
    return sum(each.user + each.system for each in times)


def _bare(jpegs: Jpegs, model: Path, files: int, workers: int) -> Seconds:
    """Returns what it takes from when all processes are ready until the last has done its share."""
    context = spawning()
    cpu = context.Array("d", workers)
    ready = context.Barrier(workers + 1)
    shares = [range(worker, len(jpegs), workers) for worker in range(workers)]
    processes = [
        context.Process(target=_bare_share, args=(pickle.dumps(jpegs), share, str(model), files, ready, cpu, place))
        for place, share in enumerate(shares)
    ]
    for process in processes:
        process.start()
    ready.wait()
    start = time.perf_counter()
    ready.wait()
    seconds = time.perf_counter() - start
    for process in processes:
        process.join()
    return Seconds(wall=seconds, cpu=sum(cpu[:]))


def _bare_share(
    pickled: bytes, share: range, model: str, files: int, ready: Any, cpu: Any, place: int
) -> None:  # every argument is of another kind: a class for them would be used once
    from ai_edge_litert.interpreter import Interpreter

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    jpegs: Jpegs = pickle.loads(pickled)
    interpreter = Interpreter(model, num_threads=1)
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    resolution, crop_and_resize = int(source["shape"][1]), find_recipe("inception").crop_and_resize
    interpreter.invoke()
    crop_and_resize(jpegs.picture(0), resolution)
    ready.wait()
    start = time.process_time()
    for index in share:
        crop_and_resize(jpegs.picture(index), resolution)
    for _ in range(files * len(share)):
        interpreter.invoke()
    cpu[place] = time.process_time() - start
    ready.wait()


def _jpegs() -> tuple[bytes, ...]:
    data = os.environ.get("MBENCH_TEST_DATA")
    found = sorted((Path(data) / "photos").glob("*")) if data else []
    return tuple(path.read_bytes() for path in found) or tuple(_generated(seed) for seed in range(8))


def _generated(seed: int) -> bytes:
    """Returns a JPEG of 500 x 375 pixels and about 100 KB: coarse noise with fine noise on it."""
    generator = np.random.default_rng(seed)
    coarse = np.repeat(np.repeat(generator.integers(0, 200, (15, 20, 3)), 25, axis=0), 25, axis=1)
    levels = (coarse + generator.integers(0, 56, coarse.shape)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, "JPEG", quality=85)
    return stream.getvalue()


@contextmanager
def _model(folder: Path) -> Iterator[Path]:
    data = os.environ.get("MBENCH_TEST_DATA")
    if data:
        yield Path(data) / "mobilenet_v1_0.25_128_quant.tflite"
        return
    from mbench.artifacts.cache import ArtifactCache
    from mbench.core.builds.variants import parse_variant
    from mbench.workflows.build.obtain_artifacts import Artifact, obtain
    from mbench.workflows.build.recipes import BuildInputs, recipes_of

    variant = parse_variant("mobilenet_v1_0.25_128_int8")
    recipes = recipes_of([variant], BuildInputs(), weights_folder=folder)
    built = obtain(recipes, cache=ArtifactCache(folder / "cache"), workers=1, progress=_QUIET)[variant]
    if not isinstance(built, Artifact):
        raise RuntimeError(built.reason)
    yield built.path


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
