"""The SQL shell on a terminal: prompt, history, colours and completion; a plain prompt without prompt_toolkit."""

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.core.text_tables import Row
from orchestration.query.run import FORMATS
from orchestration.query.shell import COMMANDS, Leave, Session, split_statements

if TYPE_CHECKING:
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyPressEvent

PROMPT, CONTINUED = "sql> ", "...> "
KEYWORDS = (
    "select from where group by order by having limit join left join using on and or not in is null as with case when"
    " then else end distinct count(*) avg( min( max( sum( median( round( filter (where between like asc desc union all"
    " describe summarize over (partition by lag("
)
_BEFORE_TABLES = re.compile(
    r"\b(?:from|join|describe|summarize|table)\s+(?:[\w.\"]+(?:\s+(?:as\s+)?\w+)?\s*,\s*)*[\w.]*\Z", re.IGNORECASE
)
_LAST_WORD = re.compile(r"[\w.]*\Z")
_ALIASES = re.compile(r"\b(?:from|join|,)\s*(?:(\w+)\.)?(\w+)(?:\s+(?:as\s+)?(\w+))?", re.IGNORECASE)


class Names:
    """Tables and columns that can be completed.

    Parameters
    ----------
    codebook : iterable of tuple
        From `Session.codebook`.

    Attributes
    ----------
    columns : dict of str to dict of str to str
        Unit and description by ``schema.table`` and column.
    """

    def __init__(self, codebook: Iterable[Row]) -> None:
        self.columns: dict[str, dict[str, str]] = {}
        for schema, table, column, _, unit, description in codebook:
            self.columns.setdefault(f"{schema}.{table}", {})[column] = f"{unit}: {description}"

    def completions(self, before: str, after: str = "") -> list[tuple[str, str]]:
        """List the completions at the cursor.

        Parameters
        ----------
        before, after : str
            Text before and after the cursor.

        Returns
        -------
        list of (str, str)
            Name and description, most likely first.
        """
        word = _last_word(before)
        if before.lstrip().startswith("."):
            return self._command_completions(before.lstrip())
        if _BEFORE_TABLES.search(before):
            return self._tables(word)
        tables = self._tables_in(before + after)
        if "." in word:
            owner, _, start = word.rpartition(".")
            named = tables.get(owner.lower()) or tables.get(owner.lower().split(".")[-1])
            if named is None:
                return self._tables(word)
            return [(f"{owner}.{name}", text) for name, text in _matching(self.columns[named], start)]
        mentioned = set(tables.values()) or set(self.columns)
        columns = {
            name: text for table in self.columns if table in mentioned for name, text in self.columns[table].items()
        }
        keywords = dict.fromkeys(KEYWORDS.split(), "")
        return [*_matching(columns, word), *(_matching(keywords, word) if word else [])]

    def _command_completions(self, line: str) -> list[tuple[str, str]]:
        command, space, argument = line.partition(" ")
        if not space:
            return _matching(COMMANDS, command)
        if command == ".schema":
            return self._tables(argument)
        if command == ".describe":
            return _matching({n: t for columns in self.columns.values() for n, t in columns.items()}, argument)
        return _matching(dict.fromkeys(FORMATS, ""), argument) if command == ".format" else []

    def _tables(self, word: str) -> list[tuple[str, str]]:
        found = {table: f"{len(columns)} columns" for table, columns in self.columns.items()}
        with_schema = _matching(found, word)
        without_schema = {table.split(".")[1]: table for table in found}
        return with_schema if "." in word else [*_matching(without_schema, word), *(with_schema if word else [])]

    def _tables_in(self, statement: str) -> dict[str, str]:
        """Name with schema by alias and by name, for every table in the statement."""
        by_name = {table.split(".")[1]: table for table in self.columns}
        found = {}
        for _, table, alias in _ALIASES.findall(statement):
            if full_name := by_name.get(table.lower()):
                found[table.lower()] = full_name
                if alias:
                    found[alias.lower()] = full_name
        return found


def _matching(names: Mapping[str, str], start: str) -> list[tuple[str, str]]:
    """Names that begin with ``start``, then those with it after an underscore (mortality: infant_mortality_rate)."""
    first = [(name, text) for name, text in names.items() if name.startswith(start.lower())]
    within = [(name, text) for name, text in names.items() if len(start) > 2 and "_" + start.lower() in name]
    return first + [pair for pair in within if pair not in first]


def _last_word(text: str) -> str:
    match = _LAST_WORD.search(text)
    return match[0] if match else ""


def is_complete(text: str) -> bool:
    """Whether Enter sends the text: it is empty, a dot command, or ends with a complete statement."""
    return not text.strip() or text.lstrip().startswith(".") or not split_statements(text)[1]


def interact(session: Session, settings: Settings) -> None:
    """Read and run statements and dot commands until the user leaves; errors are printed on standard error.

    Parameters
    ----------
    session : Session
        The open session.
    settings : Settings
        With the data folder, which has the history.
    """
    print(
        f"publication {session.publication_id}; {session.note}\n.help lists the commands, Ctrl-D leaves the shell",
        file=sys.stderr,
    )
    for text in _inputs(_prompt(session, settings)):
        try:
            statements, rest = ([text.strip()], "") if text.lstrip().startswith(".") else split_statements(text)
            for statement in [*statements, *([rest] if rest else [])]:
                session.run(statement)
        except Leave:
            return
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
        except WarehouseError as error:
            print(f"error: {error}", file=sys.stderr)
        if notice := session.newer_publication_notice():
            print(notice, file=sys.stderr)


def _inputs(prompt: Callable[[], str]) -> Iterator[str]:
    while True:
        try:
            text = prompt()
        except KeyboardInterrupt:
            print(file=sys.stderr)
            continue
        except EOFError:
            print(file=sys.stderr)
            return
        if text.strip():
            yield text


def _prompt(session: Session, settings: Settings) -> Callable[[], str]:
    try:
        import prompt_toolkit
    except ImportError:
        return _plain_prompt
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.lexers import PygmentsLexer
    from pygments.lexers.sql import SqlLexer

    names, keys = Names([]), KeyBindings()
    with contextlib.suppress(WarehouseError):  # a publication without a codebook can still be queried
        names = Names(session.codebook())

    class Codebook(Completer):
        def get_completions(self, document: "Document", complete_event: "CompleteEvent") -> Iterator[Completion]:
            word = _last_word(document.text_before_cursor)
            if not (word or complete_event.completion_requested or _BEFORE_TABLES.search(document.text_before_cursor)):
                return  # a list of every column would only hide the screen
            for name, text in names.completions(document.text_before_cursor, document.text_after_cursor):
                yield Completion(name, -len(word), display_meta=text)

    terminal: prompt_toolkit.PromptSession[str] = prompt_toolkit.PromptSession(
        message=PROMPT,
        prompt_continuation=CONTINUED,
        multiline=True,
        lexer=PygmentsLexer(SqlLexer),
        completer=Codebook(),
        history=_history(settings.data_dir / "sql_history"),
        key_bindings=keys,
    )

    @keys.add("enter", filter=Condition(lambda: is_complete(terminal.default_buffer.text)))
    def send(event: "KeyPressEvent") -> None:
        event.current_buffer.validate_and_handle()

    return terminal.prompt


def _history(path: Path) -> "History":
    """History in a file that only its owner can read; in memory if the file cannot be written."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    class TolerantFileHistory(FileHistory):
        def store_string(self, string: str) -> None:
            with contextlib.suppress(OSError):
                super().store_string(string)

    try:
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError:
        return InMemoryHistory()
    return TolerantFileHistory(str(path))


def _plain_prompt() -> str:
    text = input(PROMPT)
    while not is_complete(text):
        text += "\n" + input(CONTINUED)
    return text
