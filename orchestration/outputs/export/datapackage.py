"""Write datapackage.json, which describes an export as a Frictionless Data Package (version 1 of the standard)."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.outputs.export.content import Column, Content, Table

PACKAGE_NAME = "alliance-formation-warehouse"
OPEN_LICENCES = {"CC BY 4.0": "CC-BY-4.0", "CC BY 3.0 IGO": "CC-BY-3.0-IGO"}
"""Identifier of each open licence, by the words with which a source's terms begin."""
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".dta": "application/x-stata-dta",
}


@dataclass(frozen=True)
class DataFile:
    """One written file.

    Attributes
    ----------
    path : str
        Relative to the folder of the export.
    table : Table
        What it contains.
    """

    path: str
    table: Table


def write_datapackage(folder: Path, content: Content, files: Iterable[DataFile]) -> None:
    """Describe every data file with hash and size, and each column of the CSV files with type, unit and meaning.

    The package as a whole has no licence of its own: ``licenses`` lists the terms of every source, and each source has
    its producer's.

    Parameters
    ----------
    folder : Path
        Folder of the export.
    content : Content
        The exported tables.
    files : iterable of DataFile
        The files already written.
    """
    publication = content.publication
    title = "Alliance-formation warehouse: country-year panel and results"
    package = {
        "profile": "data-package",
        "name": PACKAGE_NAME,
        "id": publication["publication_id"],
        "title": f"SYNTHETIC: {title}" if content.is_synthetic else title,
        "description": (
            f"{publication['note']}. Publication {publication['publication_id']}. The data belong to their"
            " producers; their terms are listed under sources, and citations in CITATION.cff and citations.bib."
        ),
        "version": publication["software_version"],
        "created": publication["published_at"].isoformat(),
        "licenses": _licences(content),
        "sources": [
            {
                "title": source["title"],
                "path": source["homepage"],
                "file": source["file"],
                "version": source["version"],
                "sha256": source["sha256"],
                "citation": source["citation"],
                "terms": source["licence"],
                "redistribution": source["redistribution"],
            }
            for source in content.sources
        ],
        "resources": [_resource(folder, file) for file in files],
    }
    (folder / "datapackage.json").write_text(json.dumps(package, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _licences(content: Content) -> list[dict[str, str]]:
    """The distinct terms of the sources, each with the page where they are found."""
    found = {}
    for source in content.sources:
        terms = source["licence"]
        identifier = next((name for words, name in OPEN_LICENCES.items() if terms.startswith(words)), None)
        licence = {"name": identifier} if identifier else {}
        found[terms] = licence | {"title": terms, "path": source["homepage"]}
    return list(found.values())


def _resource(folder: Path, file: DataFile) -> dict[str, Any]:
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
        # "type" stops readers from opening the file as a table: the metadata of its format describe it.
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


def _field(column: Column, key: tuple[str, ...]) -> dict[str, Any]:
    """Describe a column; the standard allows the additional properties unit and source."""
    return {
        "name": column.name,
        "type": column.kind,
        **({"trueValues": ["true"], "falseValues": ["false"]} if column.kind == "boolean" else {}),
        "description": column.description,
        "unit": column.unit,
        "source": column.source,
        **({"constraints": {"required": True}} if column.name in key else {}),
    }
