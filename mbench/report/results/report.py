"""The report of results: all their tables, one below the other."""

from collections.abc import Sequence

from mbench.core.results import JobResult
from mbench.report.model_files.operators import operator_tables
from mbench.report.render.markdown import table_markdown
from mbench.report.results.tables.all_tables import result_tables


def report_markdown(
    results: Sequence[JobResult], *, by_session: bool = False, columns: Sequence[str] | None = None
) -> str:
    """Return the tables of results, then operator profiles; a text that ends with a newline.

    Args:
        results: in the order in which their rows shall stand.
        by_session: whether rows of two sessions never share a table.
        columns: names of the columns to show; None: all that the rows need.
    """
    tables = (*result_tables(results, by_session=by_session, columns=columns), *operator_tables(results))
    return "\n".join(map(table_markdown, tables)) if tables else "No results.\n"
