"""Short results: what tables show of a job, without its runs: ten thousand of them are read in a second."""

from pydantic import AwareDatetime

from mbench.core.numbers.bounds import Count
from mbench.core.results import JobResult
from mbench.core.workloads import Document
from mbench.report.accuracy.paired_scores import Against
from mbench.report.results.rows.row import Row


class RunFacts(Document):
    """What tables say of a job's runs besides its row; each has its function in `mbench.report.results.rows.run_facts`.

    Attributes:
        good_runs: latency runs that ended well.
        least_inferences: the fewest that one of those measured; None where none says it.
        subgraphs: besides the main one, whose delegated nodes were counted in latency runs.
        gpu_apis: what drove the GPU, of all runs.
        cpus: cores that latency runs were allowed, as the kernel said them.
        began: when the first run began and when the last one did; None without runs.
        periods: stretches of runs without a long pause.
    """

    good_runs: Count
    least_inferences: Count | None
    subgraphs: tuple[Count, ...]
    gpu_apis: tuple[str, ...]
    cpus: tuple[str, ...]
    began: tuple[AwareDatetime, AwareDatetime] | None
    periods: tuple[tuple[AwareDatetime, AwareDatetime], ...]


class ShortResult(JobResult):
    """A result of which only the run with the operator profile is there; for tables, and never stored as a document.

    Attributes:
        row: what machines read of it, as if nothing were shown beside it.
        lengthened_us: see `Row.lengthened_us`.
        facts: what else tables say of its runs.
    """

    row: Row
    lengthened_us: float
    facts: RunFacts

    def shown_row(self, against: Against | None) -> Row:
        """Return its row among others, with what its file's answers are compared with."""
        row = self.row.model_copy(update={"against": against})
        row._artifact = self.workload.artifact
        row._lengthened_us = self.lengthened_us
        return row
