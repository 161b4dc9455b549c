"""``warehouse sql``: one statement on a publication, or a shell."""

import sys
from functools import partial
from pathlib import Path

import click

from orchestration.cli.context import pass_settings
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings
from orchestration.store.protocol import StoredPublication


@click.command()
@click.argument("statement", required=False)
@click.option("-f", "--file", "script", type=click.Path(path_type=Path), help="Read the statement from this file.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="table rounds long decimals; the others keep every digit.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@click.option("--publication", metavar="ID", help="Query an earlier publication (warehouse publications lists them).")
@pass_settings
def sql(
    settings: Settings,
    statement: str | None,
    script: Path | None,
    output_format: str,
    output: Path | None,
    publication: str | None,
) -> None:
    """Run one read-only SQL statement on the publication; without a STATEMENT, open a shell.

    STATEMENT - is read from standard input. Without a terminal the shell runs the script on standard input.
    """
    from orchestration.core.files import write_atomically
    from orchestration.publication.kept import find
    from orchestration.query.run import introduce, write_result
    from orchestration.store import open_store

    if statement and script:
        raise click.UsageError("Pass a statement or a file, not both.")
    stored = find(settings, publication)
    introduce(stored, is_shared=open_store(settings).is_shared)
    if script or statement == "-":
        statement = _read(script)
    if statement is None:
        if output:
            raise click.UsageError("--output needs a statement; in the shell: .output FILE")
        _shell(settings, stored, output_format)
    elif output:
        with write_atomically(output) as stream:
            write_result(stored, statement, output_format, stream)
    elif output_format == "parquet" and sys.stdout.isatty():
        raise click.UsageError("Parquet is binary: pass --output FILE to write it to a file.")
    else:
        write_result(stored, statement, output_format, sys.stdout.buffer)


def _read(script: Path | None) -> str:
    try:
        return script.read_text(encoding="utf-8") if script else sys.stdin.read()
    except (OSError, UnicodeDecodeError) as error:
        raise WarehouseError(
            "The statement cannot be read.",
            where=str(script or "standard input"),
            expected="a text file in UTF-8",
            found=getattr(error, "strerror", None) or str(error),
            next_step="Name a text file with one SQL statement.",
        ) from error


def _shell(settings: Settings, publication: StoredPublication, output_format: str) -> None:
    from orchestration.query.shell import Session, run_script

    session = Session(settings, publication, partial(print, flush=True), output_format)
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            from orchestration.query.prompt import interact

            interact(session, settings)
        else:
            run_script(session, sys.stdin)
    finally:
        session.close()
