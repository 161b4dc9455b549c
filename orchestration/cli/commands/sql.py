"""``warehouse sql``: questions to a publication, one or a session of them."""

import sys
from functools import partial
from pathlib import Path

import click

from orchestration.cli.context import pass_settings
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import Settings


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
@click.option("--publication", metavar="ID", help="Ask an earlier publication (warehouse publications lists them).")
@pass_settings
def sql(
    settings: Settings,
    statement: str | None,
    script: Path | None,
    output_format: str,
    output: Path | None,
    publication: str | None,
) -> None:
    """Ask the published warehouse one SQL question (read-only); without a STATEMENT, a shell.

    STATEMENT - is read from standard input. Without a terminal the shell runs the script on standard input.
    """
    from orchestration.core.files import write_atomically
    from orchestration.publication.kept import find
    from orchestration.query.run import warn_if_synthetic, write_answer

    if statement and script:
        raise click.UsageError("Give a statement or a file, not both.")
    place = find(settings, publication)
    warn_if_synthetic(place)
    if script or statement == "-":
        statement = _read(script)
    if statement is None:
        if output:
            raise click.UsageError("--output needs a statement; in the shell: .output FILE")
        _shell(settings, place, output_format)
    elif output:
        with write_atomically(output) as stream:
            write_answer(place, statement, output_format, stream)
    elif output_format == "parquet" and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for reading on a terminal: name a file with --output.")
    else:
        write_answer(place, statement, output_format, sys.stdout.buffer)


def _read(script: Path | None) -> str:
    try:
        return script.read_text(encoding="utf-8") if script else sys.stdin.read()
    except (OSError, UnicodeDecodeError) as error:
        raise WarehouseError(
            "The statement cannot be read.",
            where=str(script or "standard input"),
            expected="a text file in UTF-8",
            found=getattr(error, "strerror", None) or str(error),
            next_step="name a file with one SQL statement",
        ) from error


def _shell(settings, place, output_format: str) -> None:
    from orchestration.query.shell import Session, run_script

    session = Session(settings, place, partial(print, flush=True), output_format)
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            from orchestration.query.prompt import interact

            interact(session, settings)
        else:
            run_script(session, sys.stdin)
    finally:
        session.close()
