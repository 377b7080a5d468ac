"""Parts of a page of the paper for tests: a table with all that cells can be, and a figure."""

from decimal import Decimal

import sample_results as sample

from mbench.report.charts.figures import Figure, Point
from mbench.report.pages.paper_page import PaperPart, paper_page
from mbench.report.paper.paper_table import (
    Exact,
    Origin,
    Sheet,
    SheetCell,
    SheetColumn,
    counted_cell,
    printed_cell,
    text_column,
    unknown_column,
)

NETWORKS = ("mobilenet_v1_1.00_224", "mobilenet_v1_0.50_224", "mobilenet_v1_0.25_224")


def counted(value: str, mark: str, printed: str) -> SheetCell:
    return counted_cell(
        Decimal(value), Decimal(value), mark, printed=printed, rule="with it", otherwise="counted without it"
    )


def sheet(title: str = "Table 6: a table") -> Sheet:
    return Sheet(
        title=title,
        columns=(
            text_column("Network", NETWORKS),
            SheetColumn(
                header="Mult-adds (M), printed",
                cells=(printed_cell("569", None), printed_cell("149", "an erratum"), printed_cell("41", None)),
                origin=Origin.PRINTED,
            ),
            SheetColumn(
                header="counted",
                cells=(counted("568.740352", "=", "569"), counted("149.5", "~", "149"), SheetCell("?")),
                name="Mult-adds (M), counted",
                origin=Origin.COUNTED,
            ),
            SheetColumn(
                header="Latency (ms), host",
                cells=(
                    SheetCell("12.1 [12.0, 12.3]", exact=Exact(12.1234, 12.0345, 12.3456)),
                    SheetCell("?"),
                    SheetCell("9.50 [9.4, 9.6]", exact=Exact(9.5012, 9.4, 9.6)),
                ),
                origin=Origin.MEASURED,
            ),
            unknown_column("measured (%)", 3, "needs a data set", name="Top-1 (%), measured"),
        ),
        notes=("(a) busy: it was. Advice: wait.",),
        foot=("Printed: somewhere.",),
    )


def figure() -> Figure:
    def point(label: str, cost: float, accuracy: float, colour: str, source: str, network: str) -> Point:
        return Point(label=label, cost=cost, accuracy=accuracy, colour=colour, source=source, network=network)

    return Figure(
        title="Figure 4: a figure",
        subtitle="Counted from built files",
        cost_title="Mult-adds (million)",
        accuracy_title="Top-1 (%) on ImageNet",
        colours="Resolution (px)",
        points=(
            point("1.0-224", 568.740352, 70.6, "224", "printed in the paper", NETWORKS[0]),
            point("0.5-224", 149.5, 63.7, "224", "printed in the paper", NETWORKS[1]),
            point("0.25-128", 13.7, 41.3, "128", "published checkpoint", NETWORKS[2]),
        ),
        front=True,
    )


def parts() -> list[PaperPart]:
    result = sample.result("mobilenet_v1_1.00_224_fp32", [12_000, 12_100, 12_200])
    show = (("Show it", "mbench suite report mobilenets/table-6"),)
    return [
        PaperPart(name="table-6", title="Table 6: a table", sheets=(sheet(),), commands=show, results=(result,)),
        PaperPart(
            name="figure-4",
            title="Figure 4: a figure",
            sheets=(sheet("Figure 4: its networks"),),
            commands=show,
            is_figure=True,
            figure=figure(),
        ),
    ]


def page(found: list[PaperPart] | None = None) -> str:
    made = paper_page(parts() if found is None else found, title="The paper", command="mbench suite document")
    return made.decode("utf-8")
