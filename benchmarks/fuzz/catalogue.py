"""Every reader of foreign bytes that mbench has."""

from typing import Final

from benchmarks.fuzz.reader import Reader
from benchmarks.fuzz.readers_binaries import READERS as BINARIES
from benchmarks.fuzz.readers_datasets import READERS as DATASETS
from benchmarks.fuzz.readers_documents import READERS as DOCUMENTS
from benchmarks.fuzz.readers_models import READERS as MODELS
from benchmarks.fuzz.readers_phones import READERS as PHONES
from benchmarks.fuzz.readers_running import READERS as RUNNING
from benchmarks.fuzz.readers_runs import READERS as RUNS

READERS: Final[tuple[Reader, ...]] = (*DOCUMENTS, *PHONES, *RUNS, *BINARIES, *MODELS, *RUNNING, *DATASETS)
