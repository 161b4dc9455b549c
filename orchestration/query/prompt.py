"""The shell on a terminal: prompt, history, colours and completion, and a plain prompt where prompt_toolkit is not installed."""

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.query.run import FORMATS
from orchestration.query.shell import COMMANDS, Leave, Session, split_statements

PROMPT, CONTINUED = "sql> ", "...> "
KEYWORDS = (
    "select from where group by order by having limit join left join using on and or not in is null as with case when"
    " then else end distinct count(*) avg( min( max( sum( median( round( filter (where between like asc desc union all"
    " describe summarize over (partition by lag("
)
_BEFORE_TABLES = re.compile(
    r"\b(?:from|join|describe|summarize|table)\s+(?:[\w.\"]+(?:\s+(?:as\s+)?\w+)?\s*,\s*)*[\w.]*\Z", re.IGNORECASE
)
_ALIASES = re.compile(r"\b(?:from|join|,)\s*(?:(\w+)\.)?(\w+)(?:\s+(?:as\s+)?(\w+))?", re.IGNORECASE)


class Names:
    """What can be completed: tables with what they hold, columns with unit and meaning; from the codebook."""

    def __init__(self, codebook: list[tuple]):
        self.columns: dict[str, dict[str, str]] = {}
        for schema, table, column, _, unit, description in codebook:
            self.columns.setdefault(f"{schema}.{table}", {})[column] = f"{unit}: {description}"

    def completions(self, before: str, after: str = "") -> list[tuple[str, str]]:
        """(name, what it is) of everything that may stand where the cursor is, the likeliest first."""
        word = re.search(r"[\w.]*\Z", before)[0]
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
            return [(f"{owner}.{name}", told) for name, told in _starting(self.columns[named], start)]
        asked = set(tables.values()) or set(self.columns)
        columns = {name: told for table in self.columns if table in asked for name, told in self.columns[table].items()}
        words = {keyword: "" for keyword in KEYWORDS.split()}
        return [*_starting(columns, word), *(_starting(words, word) if word else [])]

    def _command_completions(self, line: str) -> list[tuple[str, str]]:
        command, space, argument = line.partition(" ")
        if not space:
            return _starting(COMMANDS, command)
        if command == ".schema":
            return self._tables(argument)
        if command == ".describe":
            return _starting({n: t for columns in self.columns.values() for n, t in columns.items()}, argument)
        return _starting(dict.fromkeys(FORMATS, ""), argument) if command == ".format" else []

    def _tables(self, word: str) -> list[tuple[str, str]]:
        found = {table: f"{len(columns)} columns" for table, columns in self.columns.items()}
        whole = _starting(found, word)
        bare = {table.split(".")[1]: table for table in found}
        return whole if "." in word else [*_starting(bare, word), *(whole if word else [])]

    def _tables_in(self, statement: str) -> dict[str, str]:
        """Alias or bare name of every table the statement asks -> its whole name."""
        by_name = {table.split(".")[1]: table for table in self.columns}
        found = {}
        for _, table, alias in _ALIASES.findall(statement):
            if whole := by_name.get(table.lower()):
                found[table.lower()] = whole
                if alias:
                    found[alias.lower()] = whole
        return found


def _starting(names: Iterable[str] | dict[str, str], start: str) -> list[tuple[str, str]]:
    """Names that begin with ``start``, then those that have it after an underscore: mortality finds infant_mortality_rate."""
    begin = [(n, names[n]) for n in names if n.startswith(start.lower())]
    within = [(n, names[n]) for n in names if len(start) > 2 and "_" + start.lower() in n]
    return begin + [pair for pair in within if pair not in begin]


def is_complete(text: str) -> bool:
    """Whether Enter sends what is typed: a dot command, nothing at all, or a statement that a ``;`` ends."""
    return not text.strip() or text.lstrip().startswith(".") or not split_statements(text)[1]


def interact(session: Session, settings: Settings) -> None:
    """Ask until the user leaves. What cannot be done is told and the session goes on."""
    print(
        f"publication {session.publication_id}; {session.note}\n.help lists the commands, Ctrl-D leaves",
        file=sys.stderr,
    )
    for text in _typed(_prompt(session, settings)):
        try:
            statements, rest = ([text.strip()], "") if text.lstrip().startswith(".") else split_statements(text)
            for statement in [*statements, *([rest] if rest else [])]:
                session.run(statement)
        except Leave:
            return
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
        except WarehouseError as error:
            print(f"error: {error}", file=sys.stderr)
        if news := session.news():
            print(news, file=sys.stderr)


def _typed(prompt: Callable[[], str]) -> Iterator[str]:
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
    with contextlib.suppress(WarehouseError):  # an old publication without a codebook can still be asked
        names = Names(session.codebook())

    class Codebook(Completer):
        def get_completions(self, document, complete_event):
            word = re.search(r"[\w.]*\Z", document.text_before_cursor)[0]
            if not (word or complete_event.completion_requested or _BEFORE_TABLES.search(document.text_before_cursor)):
                return  # every column there is would only cover the screen
            for name, told in names.completions(document.text_before_cursor, document.text_after_cursor):
                yield Completion(name, -len(word), display_meta=told)

    asked = prompt_toolkit.PromptSession(
        message=PROMPT,
        prompt_continuation=CONTINUED,
        multiline=True,
        lexer=PygmentsLexer(SqlLexer),
        completer=Codebook(),
        history=_history(settings.data_dir / "sql_history"),
        key_bindings=keys,
    )

    @keys.add("enter", filter=Condition(lambda: is_complete(asked.default_buffer.text)))
    def send(event) -> None:
        event.current_buffer.validate_and_handle()

    return asked.prompt


def _history(path: Path):
    """Statements of earlier sessions, readable by their owner alone; only of this session where the disk takes none."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    class Kept(FileHistory):
        def store_string(self, string: str) -> None:
            with contextlib.suppress(OSError):
                super().store_string(string)

    try:
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError:
        return InMemoryHistory()
    return Kept(str(path))


def _plain_prompt() -> str:
    text = input(PROMPT)
    while not is_complete(text):
        text += "\n" + input(CONTINUED)
    return text
