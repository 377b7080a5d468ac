"""The report of results: all their tables, one below the other."""

from collections.abc import Sequence

from mbench.core.results import JobResult
from mbench.report.model_files.operators import operator_tables
from mbench.report.render.markdown import table_markdown
from mbench.report.results.tables import result_tables


def report_markdown(results: Sequence[JobResult], *, by_session: bool = False) -> str:
    """Return the tables of results, one per provenance, then operator profiles; a text that ends with a newline."""
    tables = (*result_tables(results, by_session=by_session), *operator_tables(results))
    return "\n".join(map(table_markdown, tables)) if tables else "No results.\n"
