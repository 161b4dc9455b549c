"""The SQL shell: statements and dot commands on one publication, from a terminal or a script."""

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.core.settings import Settings
from orchestration.core.text_tables import counted, distinct_names, render_screen, shortened
from orchestration.query.errors import query_error
from orchestration.query.run import FORMATS, ask, open_published, write_cursor
from orchestration.store.protocol import StoredPublication

COMMANDS = {
    ".tables": "the tables, their rows and what they hold",
    ".schema": "TABLE: its columns with type, unit and description",
    ".describe": "COLUMN: its meaning, unit, source and coverage in every table that has it",
    ".sources": "the source files behind this publication",
    ".publication": "which publication is asked; .publication ID, previous or current opens another",
    ".format": f"{'|'.join(FORMATS)}: how answers are written",
    ".output": "FILE: write the next answer there, whole, in the format set",
    ".limit": "N: rows shown of a table on the screen; 0 shows all",
    ".timing": "on|off: tell how long each answer took",
    ".help": "this list",
    ".quit": "leave (also Ctrl-D)",
}
COUNTED_AT_MOST = 100_000
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$\$.*?\$\$|--[^\n]*|/\*.*?\*/|['\"]|/\*|\$\$|;", re.DOTALL)


def split_statements(text: str) -> tuple[list[str], str]:
    """The statements that a ``;`` ends, and what is left; a ``;`` in a quoted text or a comment ends nothing."""
    statements, start = [], 0
    for token in _TOKEN.finditer(text):
        if token[0] == ";":
            statements.append(text[start : token.end()].strip())
            start = token.end()
        elif token[0] in ("'", '"', "/*", "$$"):  # opened and not closed yet
            break
    return [s for s in statements if s != ";"], text[start:].strip()


class Leave(Exception):
    """The user wants to leave the shell."""


class Session:
    """One publication kept open, and how its answers are shown. ``tell`` prints a line."""

    def __init__(
        self, settings: Settings, place: StoredPublication, tell: Callable[[str], None], output_format: str = "table"
    ):
        self._settings, self._tell = settings, tell
        self._format, self._output, self._timing, self._limit = output_format, None, False, None
        self._open(place)

    def run(self, text: str) -> None:
        """One statement, or one dot command. WarehouseError for what cannot be done; Leave for .quit."""
        if text.startswith("."):
            name, _, argument = text.rstrip("; \n").partition(" ")
            if name not in COMMANDS:
                raise WarehouseError(f"There is no command {name}.", next_step=".help lists the commands")
            getattr(self, f"do_{name[1:]}")(argument.strip())
            return
        started = time.monotonic()
        self._answer(text)
        if self._timing:
            self._tell(f"{time.monotonic() - started:.3f} s")

    def news(self) -> str | None:
        """One sentence, once, when a refresh has put another file in place since this publication was opened."""
        place = _place(self._settings.warehouse_path)
        if place == self._place:
            return None
        self._place = place
        return f"A newer publication is in place; this session goes on with {self.publication_id}. .publication current opens it."

    def codebook(self) -> list[tuple]:
        """(schema, table, column, type, unit, description) of every published column."""
        return self._rows(
            "select table_schema, table_name, column_name, data_type, unit, description from meta.columns"
            " order by table_schema, table_name, position"
        )

    def close(self) -> None:
        self._connection.close()

    def _open(self, place: StoredPublication) -> None:
        self._place = _place(self._settings.warehouse_path)
        self._connection = open_published(place)
        ((self.publication_id, self.note),) = self._rows("select publication_id, note from meta.publication")

    def _rows(self, statement: str, *values: object) -> list[tuple]:
        try:
            return self._connection.execute(statement, list(values)).fetchall()
        except duckdb.Error as error:  # a publication of another version of the warehouse
            raise query_error(self._connection, statement, error) from error

    def _answer(self, statement: str) -> None:
        if self._output:
            with write_atomically(self._output) as stream:
                self._interruptibly(statement, lambda cursor: write_cursor(cursor, self._format, stream))
            self._tell(f"written to {self._output}")
            self._output = None
        elif self._format == "parquet":
            raise WarehouseError("Parquet is not for reading on a screen.", next_step=".output FILE, or .format table")
        elif self._format == "table" and sys.stdout.isatty():
            self._tell(self._interruptibly(statement, self._screenful))
        else:
            self._interruptibly(statement, lambda cursor: write_cursor(cursor, self._format, sys.stdout.buffer))
            sys.stdout.buffer.flush()

    def _screenful(self, cursor: duckdb.DuckDBPyConnection) -> str:
        limit = max(10, shutil.get_terminal_size().lines - 6) if self._limit is None else self._limit
        names = distinct_names([column[0] for column in cursor.description])
        if not limit:
            rows = cursor.fetchall()
            return f"{render_screen(names, rows)}\n({counted(len(rows), 'row')})"
        rows, more = cursor.fetchmany(limit), len(cursor.fetchmany(COUNTED_AT_MOST))
        shown = render_screen(names, rows)
        if not more:
            return f"{shown}\n({counted(len(rows), 'row')})"
        at_least = "at least " if more == COUNTED_AT_MOST else ""
        return f"{shown}\n... {at_least}{counted(more, 'more row')} (.limit 0 shows all)"

    def _interruptibly(self, statement: str, use: Callable[[duckdb.DuckDBPyConnection], Any]) -> Any:
        """Ask beside the main thread, so that Ctrl-C can stop the query and leaves the session as it was."""

        def answer() -> Any:
            try:
                return use(ask(self._connection, statement))
            except duckdb.Error as error:  # met only while the rows are fetched
                raise query_error(self._connection, statement, error) from error

        with ThreadPoolExecutor(max_workers=1) as beside:
            asked = beside.submit(answer)
            while True:
                try:
                    return asked.result()
                except KeyboardInterrupt:
                    self._connection.interrupt()

    def _listed(self, names: list[str], rows: list[tuple]) -> None:
        """A list of ours: the last column is shortened so that a line fits the screen."""
        widths = [max(len(str(row[i])) for row in [names, *rows]) + 2 for i in range(len(names) - 1)]
        room = max(20, shutil.get_terminal_size().columns - sum(widths))
        self._tell(render_screen(names, [(*row[:-1], shortened(row[-1], room)) for row in rows], width=10_000))

    def do_tables(self, _: str) -> None:
        rows = self._rows(
            "select table_schema || '.' || table_name, (select any_value(rows) from meta.columns as c where"
            " c.table_schema = t.table_schema and c.table_name = t.table_name), coalesce(table_comment, '')"
            " from information_schema.tables as t where table_catalog = current_database() order by all"
        )
        self._listed(["table", "rows", "what it holds"], rows)

    def do_schema(self, table: str) -> None:
        wanted = table.lower().split(".")[-1]
        rows = [
            row[2:] for row in self.codebook() if wanted == row[1] and table.lower() in (wanted, f"{row[0]}.{row[1]}")
        ]
        if not rows:
            known = sorted({f"{row[0]}.{row[1]}" for row in self.codebook()})
            raise WarehouseError(f"There is no table {table}." if table else "Of which table?", found=", ".join(known))
        self._listed(["column", "type", "unit", "description"], rows)

    def do_describe(self, column: str) -> None:
        rows = self._rows(
            "select table_schema || '.' || table_name as place, data_type, unit, source, description, non_null, rows,"
            " first_year, last_year from meta.columns where column_name = ? order by all",
            column.lower().split(".")[-1],
        )
        if not rows:
            ask(
                self._connection, f'select "{column.replace(chr(34), "")}" from marts.country_years'
            )  # names the nearest
        for place, data_type, unit, source, description, non_null, total, first, last in rows:
            years = f", {first}-{last}" if first else ""
            self._tell(
                f"{place}.{column.lower().split('.')[-1]}\n  {description}\n  type {data_type}; unit: {unit};"
                f" source: {source}\n  observed in {non_null:,} of {counted(total, 'row')}{years}"
            )

    def do_sources(self, _: str) -> None:
        rows = self._rows(
            "select source, file, coalesce(version, 'undated'), sha256[:12], title from meta.sources order by all"
        )
        self._listed(["source", "file", "version", "sha256", "title"], rows)

    def do_publication(self, wanted: str) -> None:
        if wanted:
            from orchestration.publication.kept import find

            place = find(self._settings, wanted)
            self._connection.close()  # DuckDB gives a second connection to a path the file of the first
            self._open(place)
        self._tell(f"publication {self.publication_id}\n{self.note}")

    def do_format(self, wanted: str) -> None:
        self._format = _one_of(wanted, FORMATS, self._format)
        self._tell(f"answers are written as {self._format}")

    def do_output(self, name: str) -> None:
        self._output = Path(name).expanduser().resolve() if name else None
        self._tell(f"the next answer goes to {self._output}" if name else "answers go to the screen")

    def do_limit(self, wanted: str) -> None:
        if not wanted.isdigit():
            raise WarehouseError(
                "The limit is a number of rows.", found=wanted or "nothing", next_step=".limit 0 shows all"
            )
        self._limit = int(wanted)

    def do_timing(self, wanted: str) -> None:
        self._timing = _one_of(wanted, ("on", "off"), "off" if self._timing else "on") == "on"
        self._tell(f"timing is {'on' if self._timing else 'off'}")

    def do_help(self, _: str) -> None:
        lines = [f"{name:14}{text}" for name, text in COMMANDS.items()]
        self._tell("\n".join(["A statement ends with ; and may go over several lines. Ctrl-C stops it.", *lines]))

    def do_quit(self, _: str) -> None:
        raise Leave


def _one_of(wanted: str, known: tuple[str, ...], default: str) -> str:
    if wanted and wanted not in known:
        raise WarehouseError(f"{wanted} is not known here.", expected=" or ".join(known))
    return wanted or default


def _place(path: Path) -> tuple[int, int]:
    """What changes when another file is put in place of ``path``."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_ino, found.st_mtime_ns)


def run_script(session: Session, lines: Iterable[str]) -> None:
    """Every statement and dot command of a script, in order; the first that fails ends it with its WarehouseError."""
    waiting = ""
    for line in lines:
        if not waiting and line.startswith("."):
            statements = [line.strip()]
        else:
            statements, waiting = split_statements(f"{waiting}\n{line}")
        try:
            for statement in statements:
                session.run(statement)
        except Leave:
            return
    if waiting:
        session.run(waiting)
