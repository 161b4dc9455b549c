"""Raw text as typed SQL: numbers as numbers, missing codes as NULL, and a wide table in its long form."""

from collections.abc import Collection

from orchestration.ingest.records import RawTable


def typed_select(contract: RawTable, relation: str, columns: Collection[str] | None = None) -> str:
    """Write the SELECT that types a raw table.

    Parameters
    ----------
    contract : RawTable
        Types and missing codes of the columns.
    relation : str
        SQL after FROM with the columns as text.
    columns : collection of str, optional
        Only these columns; by default all of the contract.

    Returns
    -------
    str
        SQL. A table with a column for each calendar year gets the columns ``calendar_year`` and ``cell`` instead.
    """
    selected = []
    for name, kind in contract.column_types.items():
        if columns is not None and name not in columns:
            continue
        column = f'"{name}"'
        if kind != "text":
            value = f"try_cast({column} as {'bigint' if kind == 'integer' else 'double'})"
            for code in contract.missing_codes_of(name):
                value = f"nullif({value}, {code})"
            column = f"{value} as {column}"
        selected.append(column)
    typed = f"select {', '.join(selected)} from {relation}"
    years = contract.year_columns
    if not years:
        return typed
    names = [f'"{year}"' for year in range(years.first, years.last + 1) if columns is None or str(year) in columns]
    return f"from (unpivot ({typed}) on {', '.join(names)} into name calendar_year value cell)"
