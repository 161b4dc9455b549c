"""Write the report: figures, tables and sentences of one publication in the template."""

import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from orchestration.core.files import write_atomically
from orchestration.outputs.presentation import drawings
from orchestration.outputs.report.elements import page_figure
from orchestration.outputs.report.multilevel import multilevel_sentence
from orchestration.outputs.report.reading import Reading, read
from orchestration.store.protocol import StoredPublication

FOLDER = Path(__file__).parent


def write_report(publication: StoredPublication, output: Path) -> int:
    """Write the page of a publication; the same publication gives the same bytes.

    Parameters
    ----------
    publication : StoredPublication
        The publication.
    output : Path
        File to write.

    Returns
    -------
    int
        Size in bytes.

    Raises
    ------
    WarehouseError
        If nothing is published, the publication lacks a table, a table or figure has no n, a figure has no
        alternative text, or the file cannot be written. A previous file is then unchanged.
    """
    page = render(read(publication)).encode()
    with write_atomically(output) as stream:
        stream.write(page)
    return len(page)


def render(reading: Reading) -> str:
    """Render the page.

    Parameters
    ----------
    reading : Reading
        What to show.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    WarehouseError
        If a table or figure cannot be made or is incomplete.
    """
    import jinja2

    from analysis.reporting.verdict import abstract, verdict_sentence
    from analysis.studies.kimball import HEADLINE_MODEL
    from analysis.studies.verdict import CHECKS, RULE
    from orchestration.outputs.report.limits import limits
    from orchestration.outputs.report.tables import page_tables

    frames = reading.frames
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["minus"] = lambda text: re.sub(r"(?<=[ (])-(?=\d)", "−", text)
    return environment.get_template("page.html.jinja").render(
        style=(FOLDER / "style.css").read_text(encoding="utf-8"),
        publication=reading.publication,
        published_at=reading.publication["published_at"].astimezone(UTC),
        is_synthetic=reading.is_synthetic,
        verdict=verdict_sentence(frames),
        abstract=abstract(frames),
        rule=RULE,
        verdict_checks=CHECKS,
        headline=frames["models"].set_index("model").loc[HEADLINE_MODEL],
        panel=frames["country_years"],
        figures={name: page_figure(drawing) for name, drawing in drawings(frames, reading.is_synthetic)},
        multilevel=multilevel_sentence(frames["multilevel"]) if "multilevel" in frames else "",
        tables={table.name: table for table in page_tables(reading)},
        limits=list(limits(reading)),
        variables=frames["crosswalk"].loc[frames["crosswalk"]["kind"] != "model"].to_dict("records"),
        choices=frames["choices"].to_dict("records"),
        sources=list(_sources(reading.sources)),
        n_files=len(reading.sources),
        checks=reading.checks,
        not_passed=[check for check in reading.checks if check["status"] != "pass"],
    )


def _sources(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One record per source, with its files."""
    for name in dict.fromkeys(row["source"] for row in rows):
        files = [row for row in rows if row["source"] == name]
        yield files[0] | {"files": files}
