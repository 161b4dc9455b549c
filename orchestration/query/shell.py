"""The SQL shell: statements and dot commands on one open publication, from a terminal or a script."""

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import duckdb

from orchestration.core.database import column_names
from orchestration.core.errors import WarehouseError
from orchestration.core.files import write_atomically
from orchestration.core.settings import Settings
from orchestration.core.text_tables import Row, counted, distinct_names, render_screen, shortened
from orchestration.publication.kept import find
from orchestration.query.errors import query_error
from orchestration.query.run import FORMATS, open_published, run_query, write_cursor
from orchestration.store.protocol import StoredPublication

COMMANDS = {
    ".tables": "list the tables with row counts and descriptions",
    ".schema": "TABLE: list its columns with type, unit and description",
    ".describe": "COLUMN: show description, unit, source and coverage in every table that has it",
    ".sources": "list the source files of this publication",
    ".publication": "show the open publication; .publication ID, previous or current opens another",
    ".format": f"{'|'.join(FORMATS)}: set the format of results",
    ".output": "FILE: write the next result to this file in the current format",
    ".limit": "N: rows of a result shown on the screen; 0 shows all",
    ".timing": "on|off: show the time each statement takes",
    ".help": "show this list",
    ".quit": "leave the shell (also Ctrl-D)",
}
COUNTED_AT_MOST = 100_000
UNLIMITED_WIDTH = 10_000
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$\$.*?\$\$|--[^\n]*|/\*.*?\*/|['\"]|/\*|\$\$|;", re.DOTALL)

T = TypeVar("T")


def split_statements(text: str) -> tuple[list[str], str]:
    """Split SQL at its semicolons, except those in quoted text and comments.

    Parameters
    ----------
    text : str
        SQL, possibly incomplete.

    Returns
    -------
    statements : list of str
        Complete statements with their semicolon.
    rest : str
        The incomplete statement after the last semicolon, empty if there is none.
    """
    statements, start = [], 0
    for token in _TOKEN.finditer(text):
        if token[0] == ";":
            statements.append(text[start : token.end()].strip())
            start = token.end()
        elif token[0] in ("'", '"', "/*", "$$"):  # opened and not closed
            break
    return [s for s in statements if s != ";"], text[start:].strip()


class Leave(Exception):
    """The user leaves the shell."""


class Session:
    """An open publication, and how results are shown.

    Parameters
    ----------
    settings : Settings
        With the data folder or the lake, for ``.publication``.
    publication : StoredPublication
        The publication to open.
    show : callable
        Prints one text.
    output_format : {"table", "csv", "json", "parquet"}
        Format of results, until ``.format`` changes it.

    Attributes
    ----------
    publication_id, note : str
        From meta.publication of the open publication.

    Raises
    ------
    WarehouseError
        If the publication cannot be opened.
    """

    publication_id: str
    note: str
    _connection: duckdb.DuckDBPyConnection
    _file_version: tuple[int, int]

    def __init__(
        self,
        settings: Settings,
        publication: StoredPublication,
        show: Callable[[str], None],
        output_format: str = "table",
    ) -> None:
        self._settings, self._show = settings, show
        self._format = output_format
        self._output: Path | None = None
        self._is_timed = False
        self._limit: int | None = None
        self._open(publication)

    def run(self, text: str) -> None:
        """Run one statement or one dot command.

        Parameters
        ----------
        text : str
            A dot command if it begins with a dot.

        Raises
        ------
        WarehouseError
            If it fails; the session can be used further.
        Leave
            For ``.quit``.
        """
        if text.startswith("."):
            name, _, argument = text.rstrip("; \n").partition(" ")
            if name not in COMMANDS:
                raise WarehouseError(f"Unknown command {name}.", next_step="List the commands with .help.")
            getattr(self, f"do_{name[1:]}")(argument.strip())
            return
        started = time.monotonic()
        self._run_statement(text)
        if self._is_timed:
            self._show(f"{time.monotonic() - started:.3f} s")

    def newer_publication_notice(self) -> str | None:
        """Make a notice, once, if a refresh replaced the current file since this publication was opened."""
        file_version = _file_version(self._settings.warehouse_path)
        if file_version == self._file_version:
            return None
        self._file_version = file_version
        return (
            f"A newer publication is available; this session still queries {self.publication_id}."
            " Open the newer one with .publication current."
        )

    def codebook(self) -> list[Row]:
        """Read the codebook of the open publication.

        Returns
        -------
        list of tuple
            Schema, table, column, type, unit and description of every published column.

        Raises
        ------
        WarehouseError
            If the publication has no meta.columns.
        """
        return self._rows(
            "select table_schema, table_name, column_name, data_type, unit, description from meta.columns"
            " order by table_schema, table_name, position"
        )

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _open(self, publication: StoredPublication) -> None:
        self._file_version = _file_version(self._settings.warehouse_path)
        self._connection = open_published(publication)
        ((self.publication_id, self.note),) = self._rows("select publication_id, note from meta.publication")

    def _rows(self, statement: str, *values: object) -> list[Row]:
        try:
            return self._connection.execute(statement, list(values)).fetchall()
        except duckdb.Error as error:  # the publication has the schema of another version
            raise query_error(self._connection, statement, error) from error

    def _run_statement(self, statement: str) -> None:
        if self._output:
            with write_atomically(self._output) as stream:
                self._interruptible(statement, lambda cursor: write_cursor(cursor, self._format, stream))
            self._show(f"Result written to {self._output}.")
            self._output = None
        elif self._format == "parquet":
            raise WarehouseError(
                "Parquet cannot be shown on the screen.", next_step="Use .output FILE, or .format table."
            )
        elif self._format == "table" and sys.stdout.isatty():
            self._show(self._interruptible(statement, self._rendered_for_screen))
        else:
            self._interruptible(statement, lambda cursor: write_cursor(cursor, self._format, sys.stdout.buffer))
            sys.stdout.buffer.flush()

    def _rendered_for_screen(self, cursor: duckdb.DuckDBPyConnection) -> str:
        limit = max(10, shutil.get_terminal_size().lines - 6) if self._limit is None else self._limit
        names = distinct_names(column_names(cursor))
        if not limit:
            rows = cursor.fetchall()
            return f"{render_screen(names, rows)}\n({counted(len(rows), 'row')})"
        rows, more = cursor.fetchmany(limit), len(cursor.fetchmany(COUNTED_AT_MOST))
        shown = render_screen(names, rows)
        if not more:
            return f"{shown}\n({counted(len(rows), 'row')})"
        at_least = "at least " if more == COUNTED_AT_MOST else ""
        return f"{shown}\n... {at_least}{counted(more, 'more row')} (.limit 0 shows all)"

    def _interruptible(self, statement: str, use: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run a statement in a second thread, so that Ctrl-C in the main thread interrupts it and not the session."""

        def run_and_use() -> T:
            try:
                return use(run_query(self._connection, statement))
            except duckdb.Error as error:  # raised while rows are fetched
                raise query_error(self._connection, statement, error) from error

        with ThreadPoolExecutor(max_workers=1) as executor:
            future = executor.submit(run_and_use)
            while True:
                try:
                    return future.result()
                except KeyboardInterrupt:
                    self._connection.interrupt()

    def _show_list(self, names: list[str], rows: list[Row]) -> None:
        """Show a list with one line for each row: its last column is shortened to fit the screen."""
        widths = [max(len(str(row[i])) for row in [names, *rows]) + 2 for i in range(len(names) - 1)]
        room = max(20, shutil.get_terminal_size().columns - sum(widths))
        shown = [(*row[:-1], shortened(row[-1], room)) for row in rows]
        self._show(render_screen(names, shown, width=UNLIMITED_WIDTH))

    def do_tables(self, _: str) -> None:
        """Run ``.tables``."""
        rows = self._rows(
            "select table_schema || '.' || table_name, (select any_value(rows) from meta.columns as c where"
            " c.table_schema = t.table_schema and c.table_name = t.table_name), coalesce(table_comment, '')"
            " from information_schema.tables as t where table_catalog = current_database() order by all"
        )
        self._show_list(["table", "rows", "description"], rows)

    def do_schema(self, table: str) -> None:
        """Run ``.schema TABLE``; the name may omit its schema."""
        if not table:
            raise WarehouseError(".schema needs the name of a table.", next_step="List the tables with .tables.")
        wanted = table.lower().split(".")[-1]
        codebook = self.codebook()
        rows = [row[2:] for row in codebook if wanted == row[1] and table.lower() in (wanted, f"{row[0]}.{row[1]}")]
        if not rows:
            known = sorted({f"{row[0]}.{row[1]}" for row in codebook})
            raise WarehouseError(f"Table {table} not found.", next_step=f"Choose from {', '.join(known)}.")
        self._show_list(["column", "type", "unit", "description"], rows)

    def do_describe(self, column: str) -> None:
        """Run ``.describe COLUMN``; the name may include table and schema."""
        if not column:
            raise WarehouseError(
                ".describe needs the name of a column.", next_step="List the columns with .schema TABLE."
            )
        rows = self._rows(
            "select table_schema || '.' || table_name, data_type, unit, source, description, non_null, rows,"
            " first_year, last_year from meta.columns where column_name = ? order by all",
            column.lower().split(".")[-1],
        )
        if not rows:  # the error suggests similar names
            run_query(self._connection, f'select "{column.replace(chr(34), "")}" from marts.country_years')
        for table, data_type, unit, source, description, non_null, total, first, last in rows:
            years = f", {first}-{last}" if first else ""
            self._show(
                f"{table}.{column.lower().split('.')[-1]}\n  {description}\n  type {data_type}; unit: {unit};"
                f" source: {source}\n  observed in {non_null:,} of {counted(total, 'row')}{years}"
            )

    def do_sources(self, _: str) -> None:
        """Run ``.sources``."""
        rows = self._rows(
            "select source, file, coalesce(version, 'undated'), sha256[:12], title from meta.sources order by all"
        )
        self._show_list(["source", "file", "version", "sha256", "title"], rows)

    def do_publication(self, wanted: str) -> None:
        """Run ``.publication [ID]``."""
        if wanted:
            publication = find(self._settings, wanted)
            self._connection.close()  # for a path that is still open, DuckDB would reuse the replaced file
            self._open(publication)
        self._show(f"publication {self.publication_id}\n{self.note}")

    def do_format(self, wanted: str) -> None:
        """Run ``.format NAME``."""
        self._format = _choice(wanted, FORMATS, self._format)
        self._show(f"Results are written as {self._format}.")

    def do_output(self, name: str) -> None:
        """Run ``.output FILE``; without a file, results go to the screen again."""
        self._output = Path(name).expanduser().resolve() if name else None
        self._show(f"The next result is written to {self._output}." if name else "Results are shown on the screen.")

    def do_limit(self, wanted: str) -> None:
        """Run ``.limit N``."""
        if not wanted.isdigit():
            raise WarehouseError(
                "The limit is invalid.",
                expected="a number of rows",
                found=wanted or "nothing",
                next_step="Use .limit N; .limit 0 shows all rows.",
            )
        self._limit = int(wanted)

    def do_timing(self, wanted: str) -> None:
        """Run ``.timing on|off``; without an argument, switch it."""
        self._is_timed = _choice(wanted, ("on", "off"), "off" if self._is_timed else "on") == "on"
        self._show(f"Timing is {'on' if self._is_timed else 'off'}.")

    def do_help(self, _: str) -> None:
        """Run ``.help``."""
        lines = [f"{name:14}{text}" for name, text in COMMANDS.items()]
        self._show("\n".join(["End a statement with ; (it may have several lines). Ctrl-C interrupts it.", *lines]))

    def do_quit(self, _: str) -> None:
        """Run ``.quit``."""
        raise Leave


def _choice(wanted: str, known: tuple[str, ...], default: str) -> str:
    if wanted and wanted not in known:
        raise WarehouseError(
            "The value is invalid.", expected=" or ".join(known), found=wanted, next_step="Use one of these values."
        )
    return wanted or default


def _file_version(path: Path) -> tuple[int, int]:
    """Inode and modification time, which change when the file is replaced; zeros without a file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_ino, found.st_mtime_ns)


def run_script(session: Session, lines: Iterable[str]) -> None:
    """Run every statement and dot command of a script, until ``.quit`` or its end.

    Parameters
    ----------
    session : Session
        The open session.
    lines : iterable of str
        The script. A dot command is one line; the last statement needs no semicolon.

    Raises
    ------
    WarehouseError
        From the first statement or command that fails; the rest is not run.
    """
    rest = ""
    for line in lines:
        if not rest and line.startswith("."):
            statements = [line.strip()]
        else:
            statements, rest = split_statements(f"{rest}\n{line}")
        try:
            for statement in statements:
                session.run(statement)
        except Leave:
            return
    if rest:
        session.run(rest)
