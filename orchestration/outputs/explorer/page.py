"""Write the page: shell, style and script of the front end, the engine and the reduced copy of the publication."""

import hashlib
import html
import tempfile
from base64 import b64encode
from datetime import UTC
from pathlib import Path
from string import Template
from typing import Any

from orchestration.core.database import rows_as_dicts
from orchestration.core.files import write_atomically
from orchestration.ingest.citation import software_reference
from orchestration.outputs.explorer.frontend import PACKED, PAGE, built_frontend, pack
from orchestration.outputs.explorer.reduced import LEFT_OUT, write_reduced
from orchestration.outputs.presentation import results_frames
from orchestration.query.run import open_published
from orchestration.store.protocol import StoredPublication


def write_explorer(publication: StoredPublication, output: Path) -> int:
    """Write the page of a publication.

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
        If nothing is published, the publication lacks a table, the front end cannot be built, or the file cannot be
        written. A previous file is then unchanged.
    """
    connection = open_published(publication)  # its error says that nothing is published
    try:
        frames = results_frames(connection)
        (record,) = rows_as_dicts(connection.execute("from meta.publication"))
    finally:
        connection.close()
    frontend = built_frontend()
    facts = _facts(frames, record)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "warehouse.duckdb"
        left_out = write_reduced(publication, copy, facts)
        database = pack(copy.read_bytes())
    assets = {name: (frontend / name).read_bytes() for name in PACKED} | {"database": database}
    page = _render(frontend, record, facts["citation"], left_out, assets)
    with write_atomically(output) as stream:
        stream.write(page)
    return len(page)


def _facts(frames: dict[str, Any], record: dict[str, Any]) -> dict[str, str]:
    """What the page says beside the tables, from the functions that the report uses too."""
    from analysis.reporting.verdict import verdict_sentence
    from analysis.studies.kimball import HEADLINE_MODEL, ROSE

    work = software_reference(record)
    authors = " and ".join(author.strip("{}") for author in work.authors)
    return {
        "verdict": verdict_sentence(frames),
        "headline_model": HEADLINE_MODEL,
        "headline_term": ROSE,
        "citation": f"{authors} ({work.year}). {work.title}, version {work.version}. {work.note}.",
    }


def _render(
    frontend: Path, record: dict[str, Any], citation: str, left_out: dict[str, int], assets: dict[str, bytes]
) -> bytes:
    script = (frontend / "main.js").read_text(encoding="utf-8").replace("</script", "<\\/script").strip()
    synthetic = record["is_synthetic"]
    published = f"{record['published_at'].astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    # Python joins the parts: base64 of 14 MB would pass through the template for nothing.
    before, after = (
        Template(PAGE.read_text(encoding="utf-8"))
        .substitute(
            title=f"{'SYNTHETIC: ' if synthetic else ''}Alliance-formation warehouse, explorer",
            style=(frontend / "style.css").read_text(encoding="utf-8"),
            script=script,
            script_hash=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            banner=f'<p class="synthetic">{html.escape(record["note"])}</p>' if synthetic else "",
            about=html.escape(
                f"Publication {record['publication_id']} of {published}.{'' if synthetic else ' ' + record['note']}"
            ),
            left_out=html.escape(_left_out_text(left_out)),
            citation=html.escape(f"Cite: {citation}"),
            assets="\0",
        )
        .split("\0")
    )
    blocks = [
        b'<script type="text/plain" id="asset-%b">%b</script>\n' % (name.encode(), text)
        for name, text in assets.items()
    ]
    return before.encode() + b"".join(blocks) + after.encode()


def _left_out_text(left_out: dict[str, int]) -> str:
    if not left_out:
        return "Every table of the publication."
    parts = "; ".join(f"{name} ({rows:,} rows: {LEFT_OUT[name]})" for name, rows in left_out.items())
    return f"Every table of the publication except {parts}. The warehouse itself answers queries on them."
