"""What `warehouse new` prints: what was found and written, and what a person still has to decide."""

from pathlib import Path

from orchestration.scaffold.findings import Column, Findings
from orchestration.scaffold.source import NewSource, undecided_lines

MART = "dbt_project/models/marts/country_years"


def findings_text(source: NewSource) -> str:
    """Describe what a file shows.

    Parameters
    ----------
    source : NewSource
        The source.

    Returns
    -------
    str
        Columns with type, range and empty cells, missing codes with reasons, key, years and countries.
    """
    found = source.findings
    width = max(len(column.name) for column in found.columns)
    lines = [f"{source.file.name}: {found.rows:,} rows"]
    lines += [f"  {column.name:<{width}}  {_described(column, found.rows)}" for column in found.columns]
    if found.year_columns:
        lines.append(f"  {found.year_columns[0].name} to {found.year_columns[-1].name}: one column for each year")
    lines += ["", f"key: {', '.join(found.key)}"]
    if found.other_keys:
        lines.append(f"     also unique: {'; '.join(', '.join(key) for key in found.other_keys[:3])}")
    if found.span:
        lines.append(f"years: {found.span[0]} to {found.span[1]}" + (f" (column {found.year})" if found.year else ""))
    lines += _countries(found)
    for column in (*found.columns, *found.year_columns):
        lines += [
            f"missing code: {code.code} in {column.name}, {code.rows:,} rows; {code.reason}" for code in column.missing
        ]
    return "\n".join([*lines, "", "Then `make checks`, which lists the tests in docs/checks.md."])


def source_text(source: NewSource, root: Path) -> str:
    """Say what was written and what is left to do.

    Parameters
    ----------
    source : NewSource
        The source, whose files are written.
    root : Path
        Paths are given from here.

    Returns
    -------
    str
        Files, undecided fields, and the lines that publish a column.
    """
    record = next(path for path in source.files.new if path.name == f"{source.name}.yml")
    undecided = undecided_lines(source.files.new[record])
    lines = [written_text([*source.files.new, *source.files.changed], root), "", "A person decides:"]
    lines += [f"  1. {_below(record, root)}: replace every `undecided`; until then no command loads the records."]
    lines += [f"       line {number}: {field}" for number, field in undecided]
    lines += [
        "     Check the missing codes too. After a change of them run `warehouse sources sync`.",
        f"     The refresh reads the file from the mirror as {source.name}/{source.file.name}, or from publisher_url.",
    ]
    if source.has_state_years:
        lines += _mart_lines(source)
    else:
        lines += [
            "  2. The rows are not one per country and year: reduce them to state-years in an intermediate model",
            f"     (`warehouse new model int_{source.name}`), which country_years can join.",
        ]
    return "\n".join(lines)


def written_text(paths: list[Path], root: Path) -> str:
    """List files that were written.

    Parameters
    ----------
    paths : list of Path
        The files.
    root : Path
        Paths are given from here.

    Returns
    -------
    str
        One line for each file.
    """
    return "\n".join(["Written:", *(f"  {_below(path, root)}" for path in paths)])


def _mart_lines(source: NewSource) -> list[str]:
    name, columns = source.name, source.staging.values
    return [
        f"  2. {MART}.sql: to publish columns, add",
        f"       {name} as (",
        f"           select * from {{{{ ref('int_{name}') }}}}",
        "       ),",
        *(f"       {name}.{column.name}," for column in columns),
        f"       left join {name} using (cow_code, year)",
        f"  3. {MART}.yml: for each published column, what it measures, in which unit",
        *(
            line
            for column in columns
            for line in (
                f"      - name: {column.name}",
                f"        data_type: {_sql_type(source, column.published)}",
                '        description: "..."',
                f'        config: {{meta: {{unit: "...", source: "{name}"}}}}',
            )
        ),
        "     and in the unit test of the panel",
        f"      - {{input: ref('int_{name}'), rows: []}}",
    ]


def _sql_type(source: NewSource, published: str) -> str:
    table = source.contract
    kind = table.column_types[published] if published else table.year_columns.type if table.year_columns else "number"
    return {"text": "varchar", "integer": "integer", "number": "double"}[kind]


def _described(column: Column, rows: int) -> str:
    described: str = column.kind
    if column.low is not None and column.high is not None:
        described += f", {column.low:.12g} to {column.high:.12g}"
    return described + (f", {column.empty / rows:.0%} empty" if column.empty else "")


def _countries(found: Findings) -> list[str]:
    if found.countries is None:
        return ["countries: no column in which at least half of the labels denote states"]
    lines = [f"countries: {found.countries.column}, {found.countries.match.text()}"]
    return lines + [f"     rather than {column}, {match.text()}" for column, match in found.countries.others]


def _below(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
