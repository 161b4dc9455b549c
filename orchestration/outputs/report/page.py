"""The report assembled and written: elements and words of one publication, in the template."""

import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from orchestration.core.files import write_atomically
from orchestration.outputs.presentation import drawings
from orchestration.outputs.report.elements import page_figure
from orchestration.outputs.report.reading import Reading, read
from orchestration.store.protocol import StoredPublication

FOLDER = Path(__file__).parent
REPORT = "report.html"


def write_report(publication: StoredPublication, output: Path) -> int:
    """Make the page of a publication, write it whole or not at all, and return its size in bytes.

    The same publication gives the same bytes. WarehouseError where nothing is published, a figure has no alternative
    text, a table or figure no n, or the file cannot be written.
    """
    page = render(read(publication)).encode()
    with write_atomically(output) as stream:
        stream.write(page)
    return len(page)


def render(reading: Reading) -> str:
    import jinja2

    from analysis.reporting.claim import claim_parts
    from analysis.studies.kimball import HEADLINE_MODEL
    from orchestration.outputs.report.limits import limits
    from orchestration.outputs.report.tables import page_tables

    frames = reading.frames
    inference = (frames.get(name) for name in ("specification_curve", "validation"))
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
        claim=claim_parts(frames["models"], frames["coefficients"], frames["marginal_effects"], *inference),
        headline=frames["models"].set_index("model").loc[HEADLINE_MODEL],
        panel=frames["country_years"],
        figures={name: page_figure(drawing) for name, drawing in drawings(frames, reading.is_synthetic)},
        tables={table.name: table for table in page_tables(reading)},
        limits=list(limits(reading)),
        choices=frames["choices"].to_dict("records"),
        sources=list(_sources(reading.sources)),
        n_files=len(reading.sources),
        checks=reading.checks,
        not_passed=[check for check in reading.checks if check["status"] != "pass"],
    )


def _sources(rows: list[dict]) -> Iterator[dict]:
    """One record per source: what all of its files share, and the files."""
    for name in dict.fromkeys(row["source"] for row in rows):
        files = [row for row in rows if row["source"] == name]
        yield files[0] | {"files": files}
