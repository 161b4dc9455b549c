"""Write Parquet with the codebook in the metadata of each column and the publication in the metadata of the file."""

from pathlib import Path

import pyarrow
import pyarrow.parquet

from orchestration.outputs.export.content import Content, Table


def write_parquet(table: Table, content: Content, path: Path) -> None:
    """Write one table as Parquet, compressed with zstd.

    Parameters
    ----------
    table : Table
        The table to write. Its description, units and sources become metadata of the Arrow schema.
    content : Content
        With the publication, which becomes metadata of the file.
    path : Path
        File to write.
    """
    fields = [
        table.data.schema.field(column.name).with_metadata(
            {"description": column.description, "unit": column.unit, "source": column.source}
        )
        for column in table.columns
    ]
    metadata: dict[str | bytes, str | bytes] = {
        "table": table.full_name,
        "description": table.description,
        "publication_id": content.publication["publication_id"],
        "published_at": content.publication["published_at"].isoformat(),
        "note": content.publication["note"],
    }
    schema = pyarrow.schema(fields, metadata=metadata)
    pyarrow.parquet.write_table(table.data.cast(schema), path, compression="zstd")
