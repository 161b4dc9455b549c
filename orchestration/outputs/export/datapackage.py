"""datapackage.json: the folder as a Frictionless Data Package (version 1 of the standard)."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestration.outputs.export.content import Column, Content, Table

PACKAGE_NAME = "alliance-formation-warehouse"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".dta": "application/x-stata-dta",
}


@dataclass(frozen=True)
class DataFile:
    """One written file and the table it holds; path is relative to the folder of the export."""

    path: str
    table: Table


def write_datapackage(folder: Path, content: Content, files: Iterable[DataFile]) -> None:
    """Every data file with its hash and size; CSV files also with the type, unit and meaning of each column.

    The package has no licence of its own: each source is listed with its producer's terms.
    """
    publication = content.publication
    title = "Alliance-formation warehouse: country-year panel and results"
    package = {
        "profile": "data-package",
        "name": PACKAGE_NAME,
        "id": publication["publication_id"],
        "title": f"SYNTHETIC: {title}" if content.is_synthetic else title,
        "description": (
            f"{publication['note']}. Publication {publication['publication_id']}. The data are their producers', each"
            " on the terms given under sources; how to cite them is in CITATION.cff and citations.bib."
        ),
        "version": publication["software_version"],
        "created": publication["published_at"].isoformat(),
        "sources": [
            {
                "title": source["title"],
                "path": source["homepage"],
                "file": source["file"],
                "version": source["version"],
                "sha256": source["sha256"],
                "citation": source["citation"],
                "terms": source["licence"],
            }
            for source in content.sources
        ],
        "resources": [_resource(folder, file) for file in files],
    }
    (folder / "datapackage.json").write_text(json.dumps(package, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _resource(folder: Path, file: DataFile) -> dict:
    content = (folder / file.path).read_bytes()
    suffix = Path(file.path).suffix
    common = {
        "name": file.path.lower().replace("/", "."),
        "path": file.path,
        "title": file.table.full_name,
        "description": file.table.description,
        "format": suffix[1:],
        "mediatype": MEDIA_TYPES[suffix],
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }
    if suffix != ".csv":
        # "type" keeps readers from opening as a table what their format's own metadata describe.
        return common | {"profile": "data-resource", "type": "file"}
    return common | {
        "profile": "tabular-data-resource",
        "encoding": "utf-8",
        "schema": {
            "fields": [_field(column, file.table.key) for column in file.table.columns],
            "missingValues": [""],
            **({"primaryKey": list(file.table.key)} if file.table.key else {}),
        },
    }


def _field(column: Column, key: tuple[str, ...]) -> dict:
    """unit and source are properties of ours, which the standard allows."""
    return {
        "name": column.name,
        "type": column.kind,
        **({"trueValues": ["true"], "falseValues": ["false"]} if column.kind == "boolean" else {}),
        "description": column.description,
        "unit": column.unit,
        "source": column.source,
        **({"constraints": {"required": True}} if column.name in key else {}),
    }
