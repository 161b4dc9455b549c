"""The SQL shell: statements, dot commands, completion, its open publication, and Ctrl-C on a real terminal."""

import os
import pty
import select
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.query.prompt import Names, interact, is_complete
from orchestration.query.shell import Session, run_script, split_statements
from orchestration.store.publication_file import PublicationFile
from tests.support.shell import WAREHOUSE

CODEBOOK = [
    ("marts", "countries", "cow_code", "INTEGER", "code", "COW state code."),
    ("marts", "countries", "state_name", "VARCHAR", "text", "Name."),
    ("marts", "country_years", "cow_code", "INTEGER", "code", "COW state code."),
    ("marts", "country_years", "infant_mortality_rate", "DOUBLE", "deaths per 1,000 live births", "Preferred rate."),
]


def write_publication(path: Path, name: str) -> None:
    with duckdb.connect(str(path)) as connection:
        for schema in ("marts", "results", "meta"):
            connection.execute(f"create schema {schema}")
        connection.execute("create table meta.publication as select ? as publication_id, 'Real data' as note", [name])
        connection.execute(
            "create table marts.countries as select range as cow_code, 'x' as state_name from range(500)"
        )
        connection.execute(
            "create table meta.columns as select col0 as table_schema, col1 as table_name, col2 as column_name,"
            " 1 as position, col3 as data_type,"
            " col4 as unit, col5 as description, 'COW' as source, 9 as rows, 7 as non_null,"
            f" 1816 as first_year, 2000 as last_year from (values {', '.join(map(str, CODEBOOK))})"
        )
        connection.execute(
            "create table meta.sources as select 'atop' as source, 'a.csv' as file, '5.1' as version,"
            " 'c0ffee' as sha256, 'ATOP' as title"
        )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(data_dir=tmp_path)
    write_publication(settings.warehouse_path, "first")
    return settings


@pytest.fixture
def printed() -> list[str]:
    return []


@pytest.fixture
def session(settings: Settings, printed: list[str]) -> Iterator[Session]:
    session = Session(settings, PublicationFile(settings.warehouse_path), printed.append)
    yield session
    session.close()


@pytest.mark.parametrize(
    ("text", "statements", "rest"),
    [
        ("select 1; select 2;", ["select 1;", "select 2;"], ""),
        ("select ';' ; select", ["select ';' ;"], "select"),
        ("select 'it''s; ", [], "select 'it''s;"),
        ('select ";" -- a; b\n, 1;', ['select ";" -- a; b\n, 1;'], ""),
        ("select 1 /* ; */ + /* open ;", [], "select 1 /* ; */ + /* open ;"),
        (";;", [], ""),
    ],
)
def test_semicolons_end_statements(text: str, statements: list[str], rest: str) -> None:
    assert split_statements(text) == (statements, rest)
    assert is_complete(text) == (not rest)


def test_script_of_statements_and_commands(session: Session, printed: list[str], tmp_path: Path) -> None:
    result = tmp_path / "result.csv"
    script = f".format csv\n.output {result}\nselect count(*)\n  as n, ';' as text\nfrom countries;\n.quit\nnot reached"
    run_script(session, script.splitlines())
    assert result.read_text() == "n,text\n500,;\n"
    assert printed[-1] == f"Result written to {result}."


def test_commands_describe_the_publication(session: Session, printed: list[str]) -> None:
    for command, expected in [
        (".tables", "marts.countries"),
        (".schema country_years", "deaths per 1,000 live births"),
        (".schema marts.countries", "state_name"),
        (".describe infant_mortality_rate", "observed in 7 of 9 rows, 1816-2000"),
        (".sources", "c0ffee"),
        (".publication", "first"),
        (".help", ".describe"),
    ]:
        printed.clear()
        session.run(command)
        assert expected in "\n".join(printed), command


@pytest.mark.parametrize(
    "text",
    [".nothing", ".schema nowhere", ".limit many", ".format xml", ".describe nope", "drop table countries", "sel"],
)
def test_error_leaves_the_session_usable(session: Session, text: str) -> None:
    with pytest.raises(WarehouseError):
        session.run(text)
    assert session.run(".publication") is None


def test_publication_without_a_codebook_can_be_queried(settings: Settings, printed: list[str], tmp_path: Path) -> None:
    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("drop table meta.columns")
    session = Session(settings, PublicationFile(settings.warehouse_path), printed.append)
    with pytest.raises(WarehouseError, match="Table columns not found"):
        session.run(".schema countries")
    run_script(session, [f".output {tmp_path / 'a'}", "select count(*) as n from countries;"])
    assert "500" in (tmp_path / "a").read_text()
    session.close()


def test_session_keeps_its_publication_and_reports_a_newer(
    settings: Settings, session: Session, printed: list[str], tmp_path: Path
) -> None:
    assert session.newer_publication_notice() is None
    write_publication(tmp_path / "next.duckdb", "second")
    os.replace(tmp_path / "next.duckdb", settings.warehouse_path)
    printed.clear()
    run_script(session, [".output " + str(tmp_path / "a"), "select publication_id from publication;"])
    assert "first" in (tmp_path / "a").read_text()
    assert "still queries first" in session.newer_publication_notice()
    assert session.newer_publication_notice() is None, "reported once"
    session.run(".publication current")
    assert "publication second" in printed[-1]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT raise KeyboardInterrupt: a process started in the background of a script ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_stops_the_query_and_not_the_session(session: Session, printed: list[str], tmp_path: Path) -> None:
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    session.run(f".output {tmp_path / 'never'}")
    with pytest.raises(WarehouseError, match="interrupted"):
        session.run("select count(*) from range(1000000000) a, range(1000) b where a.range * b.range = 7")
    assert not (tmp_path / "never").exists()
    session.run(".publication")


def test_completion_depends_on_the_position() -> None:
    names = Names(CODEBOOK)

    def offered(before: str, after: str = "") -> list[str]:
        return [name for name, _ in names.completions(before, after)]

    assert offered("select * from cou") == ["countries", "country_years"]
    assert offered("select * from countries a join marts.country_") == ["marts.country_years"]
    assert offered("select infant_", " from country_years") == ["infant_mortality_rate"]
    assert offered("select mortality", " from country_years") == ["infant_mortality_rate"]
    assert "infant_mortality_rate" not in offered("select i", " from countries")
    assert offered("select y.", " from country_years y") == ["y.cow_code", "y.infant_mortality_rate"]
    assert offered(".sch") == [".schema"]
    assert offered(".describe state") == ["state_name"]
    assert names.completions("select infant_m")[0][1] == "deaths per 1,000 live births: Preferred rate."


def test_shell_on_a_real_terminal(settings: Settings) -> None:
    """Type a statement over two lines, cancel one with Ctrl-C, make an error, and leave with Ctrl-D."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "WAREHOUSE_DATA_DIR": str(settings.data_dir), "TERM": "xterm"}
    process = subprocess.Popen([WAREHOUSE, "sql"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    try:
        shown = _until(ours, "sql>", "")
        for typed, *expected in [
            ("select count(*)\r", "...>"),
            ("from countries;\r", "500", "sql>"),
            ("select cancelled\x03", "sql>"),
            ("select stat_name from countries;\r", "Did you mean state_name", "sql>"),
        ]:
            os.write(ours, typed.encode())
            for text in expected:
                shown = _until(ours, text, shown)
        os.write(ours, b"\x04")
        assert process.wait(20) == 0
    finally:
        process.kill()
        os.close(ours)
    history = settings.data_dir / "sql_history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert "from countries;" in history.read_text()


def _until(terminal: int, expected: str, shown: str) -> str:
    """Read until ``expected`` appears, and return what follows it."""
    deadline = time.monotonic() + 20
    while expected not in shown:
        assert select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0], f"{expected} not in {shown}"
        shown += os.read(terminal, 65536).decode(errors="replace")
    return shown.partition(expected)[2]


def test_plain_prompt_without_prompt_toolkit(
    settings: Settings, session: Session, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    typed = iter(["select count(*)", "from countries;", "select nope;", ".quit"])
    monkeypatch.setitem(sys.modules, "prompt_toolkit", None)
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
    interact(session, settings)
    shown = capfd.readouterr()
    assert "500" in shown.out
    assert "Column nope not found" in shown.err
    assert next(typed, None) is None
