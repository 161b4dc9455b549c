"""Fingerprint of tables by their content."""

import hashlib

import pyarrow
import pyarrow.csv


def content_hash(*tables: pyarrow.Table) -> str:
    """Compute the sha256 of the content of tables, in their order.

    Parameters
    ----------
    *tables : pyarrow.Table
        The tables.

    Returns
    -------
    str
        Hexadecimal. The hash is over text, because the bytes below an Arrow table's nulls are arbitrary.
    """
    sink = pyarrow.BufferOutputStream()
    for table in tables:
        pyarrow.csv.write_csv(table, sink)
    return hashlib.sha256(sink.getvalue()).hexdigest()
