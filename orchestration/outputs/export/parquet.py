"""Parquet: description, unit and source with every column, and what the table and the publication are with the file."""

from pathlib import Path

import pyarrow
import pyarrow.parquet

from orchestration.outputs.export.content import Content, Table


def write_parquet(table: Table, content: Content, path: Path) -> None:
    """One file, compressed by zstd; the texts are metadata of its Arrow schema, the file's also of Parquet itself."""
    fields = [
        table.data.schema.field(column.name).with_metadata(
            {"description": column.description, "unit": column.unit, "source": column.source}
        )
        for column in table.columns
    ]
    about = {
        "table": table.full_name,
        "description": table.description,
        "publication_id": content.publication["publication_id"],
        "published_at": content.publication["published_at"].isoformat(),
        "note": content.publication["note"],
    }
    schema = pyarrow.schema(fields, metadata=about)
    pyarrow.parquet.write_table(table.data.cast(schema), path, compression="zstd")
