"""Column lineage of the dbt models from their compiled SQL: the columns that each column is computed from."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage

DIALECT = "duckdb"
ROUNDS = 3
"""Steps to which a recursive query is unrolled; values pass through at most as many columns."""

Columns = Mapping[str, Sequence[str]]
"""Columns in order, by ``schema.table``."""

Lineage = dict[str, dict[str, list[tuple[str, str]]]]
"""(table, column) pairs one step upstream, by ``schema.table`` and column."""


def column_lineage(manifest: Mapping[str, Any], raw_columns: Columns) -> Lineage:
    """Find the columns from which every column of every model is computed.

    Columns of join and filter conditions do not count; count(*) is computed from the columns of GROUP BY.

    Parameters
    ----------
    manifest : Mapping
        dbt's manifest.json with compiled SQL.
    raw_columns : Mapping of str to sequence of str
        Columns of every raw table, by its name without the schema.

    Returns
    -------
    Lineage
        A column computed from constants only has no pair.

    Raises
    ------
    ValueError
        If the SQL of a model cannot be followed, or has other columns than its yml; the message names the model.
    """
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    known = {f"{node['schema']}.{node['name']}": tuple(node["columns"]) for node in nodes}
    known |= {f"raw.{name}": tuple(columns) for name, columns in raw_columns.items()}
    return {
        f"{node['schema']}.{node['name']}": _model_lineage(node, known)
        for node in nodes
        if node["resource_type"] == "model"
    }


def _model_lineage(node: Mapping[str, Any], known: Columns) -> dict[str, list[tuple[str, str]]]:
    try:
        query = _in_supported_sql(parse_one(node["compiled_code"], dialect=DIALECT), known)
        roots = lineage(None, query, _schema(known), dialect=DIALECT, trim_selects=False)
        found = {column: sorted(set(_origins(root, known))) for column, root in roots.items()}
    except (SqlglotError, LookupError) as error:
        raise ValueError(f"{node['name']}: {error}") from error
    if differing := sorted(set(found) ^ {column.lower() for column in node["columns"]}):
        raise ValueError(f"{node['name']}: columns in either its SQL or its yml, but not in both: {differing}")
    return {column: found[column.lower()] for column in node["columns"]}


def _schema(known: Columns) -> dict[str, dict[str, dict[str, str]]]:
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for table, columns in known.items():
        folder, name = table.split(".")
        schema.setdefault(folder, {})[name] = dict.fromkeys(columns, "varchar")
    return schema


def _origins(root: Node, known: Columns) -> Iterator[tuple[str, str]]:
    """Columns of tables at the ends of a lineage."""
    for node in root.walk():
        is_unresolved = isinstance(node.expression, exp.Placeholder)
        if is_unresolved:
            raise LookupError(f"column {node.name} not found in any table")
        if isinstance(node.expression, exp.Table):
            table = f"{node.expression.db}.{node.expression.name}"
            by_folded_name = {column.lower(): column for column in known.get(table, ())}
            folded = exp.to_column(node.name).name.lower()
            if folded not in by_folded_name:
                raise LookupError(f"column {folded} not found in {table}")
            yield table, by_folded_name[folded]


def _in_supported_sql(query: exp.Expr, known: Columns) -> exp.Expr:
    """Rewrite what sqlglot cannot follow, with the same lineage.

    That is: raw tables read from files, recursion, COUNT(*), COLUMNS(...) in a projection, and UNPIVOT.
    """
    for table in query.find_all(exp.Table):
        table.set("catalog", None)
        if isinstance(table.this, exp.ReadParquet):
            name = table.this.expressions[0].name.removesuffix(".parquet").split("/")[-1]
            table.set("this", exp.to_identifier(name))
            table.set("db", exp.to_identifier("raw"))
    _unroll(query)
    for select in query.find_all(exp.Select):
        keys = [column.copy() for column in (select.args.get("group") or exp.Group()).find_all(exp.Column)]
        for count in [count for item in select.expressions for count in item.find_all(exp.Count)]:
            if isinstance(count.this, exp.Star) and keys:
                count.set("this", exp.func("coalesce", *keys))
        select.set("expressions", [new for item in select.expressions for new in _expanded(item, select, known)])
    for pivot in list(query.find_all(exp.Pivot)):
        pivot.replace(_as_select(pivot, query, known))
    return query


def _unroll(query: exp.Expr) -> None:
    """Replace WITH RECURSIVE r AS (start UNION step) by r_0 (start), r_1 (start and a step from r_0), ... up to r."""
    if not isinstance(query, exp.Query) or not query.ctes or not query.args["with_"].recursive:
        return
    unrolled = []
    for cte in query.ctes:
        name = cte.alias
        if _reads_of(cte.this, name):
            rounds = [name + f"_{number}" for number in range(ROUNDS)] + [name]
            unrolled.append(exp.CTE(this=cte.this.this.copy(), alias=exp.TableAlias(this=exp.to_identifier(rounds[0]))))
            unrolled += [_one_round(cte, before, after) for before, after in pairwise(rounds)]
        else:
            unrolled.append(cte)
    query.set("with_", exp.With(expressions=unrolled))


def _one_round(cte: exp.CTE, before: str, after: str) -> exp.CTE:
    """One step of a recursive query, named ``after``, that reads its own rows from ``before``."""
    one = cte.copy()
    one.set("alias", exp.TableAlias(this=exp.to_identifier(after)))
    for table in _reads_of(one.this, cte.alias):
        table.replace(exp.alias_(exp.to_table(before), table.alias or cte.alias, table=True))
    return one


def _reads_of(query: exp.Expr, name: str) -> list[exp.Table]:
    return [table for table in query.find_all(exp.Table) if table.name == name and not table.db]


def _expanded(projection: exp.Expr, select: exp.Select, known: Columns) -> list[exp.Expr]:
    """Expand COLUMNS: count(columns(* exclude (a))) becomes count(b) as b, ...; a single one keeps its alias."""
    pattern = projection.find(exp.Columns)
    if pattern is None:
        return [projection]
    columns = _matching(pattern, _columns_of(select.args["from_"].this, select, known))
    value = projection.unalias()
    own_name = projection.alias if len(columns) == 1 and "\\" not in projection.alias else ""
    return [
        exp.alias_(
            value.transform(lambda e, c=column: exp.column(c) if isinstance(e, exp.Columns) else e), own_name or column
        )
        for column in columns
    ]


def _as_select(pivot: exp.Pivot, query: exp.Expr, known: Columns) -> exp.Select:
    """unpivot t on columns(...) into name n value v -> select <the other columns>, '' as n, coalesce(<these>) as v."""
    into = pivot.args["into"]
    available = _columns_of(pivot.this, query, known)
    melted = _matching(pivot.expressions[0], available)
    kept = [exp.column(column, quoted=True) for column in available if column not in melted]
    value = exp.func("coalesce", *(exp.column(column, quoted=True) for column in melted))
    return exp.select(
        *kept, exp.alias_(exp.Literal.string(""), into.this.name), exp.alias_(value, into.expressions[0].name)
    ).from_(pivot.this)


def _columns_of(source: exp.Expr, query: exp.Expr, known: Columns) -> Sequence[str]:
    """Columns that FROM or UNPIVOT reads: of a table, or of a part of the query."""
    ctes = query.ctes if isinstance(query, exp.Query) else []
    parts = {cte.alias: cte.this.named_selects for cte in ctes if isinstance(cte.this, exp.Query)}
    columns: Columns = {**parts, **known}
    name = ".".join(filter(None, (source.text("db"), source.name)))
    if name not in columns:
        raise LookupError(f"table {name or source.sql(DIALECT)} not found")
    return columns[name]


def _matching(pattern: exp.Expr, columns: Sequence[str]) -> list[str]:
    """Columns that COLUMNS('regular expression') or COLUMNS(* EXCLUDE (...)) matches."""
    if isinstance(pattern.this, exp.Star):
        excluded = {column.name.lower() for column in pattern.this.args.get("except_") or []}
        return [column for column in columns if column.lower() not in excluded]
    return [column for column in columns if re.search(pattern.this.name, column)]
