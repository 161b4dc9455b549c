"""``warehouse sql``: questions to the published file."""

import sys
from pathlib import Path

import click

from orchestration.errors import WarehouseError
from orchestration.settings import from_environment


@click.command()
@click.argument("statement")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
def sql(statement: str, output_format: str, output: Path | None) -> None:
    """Ask the published warehouse one SQL question (read-only)."""
    from orchestration.query import warn_if_synthetic, write_answer

    path = from_environment().warehouse_path
    warn_if_synthetic(path)
    if output is None:
        write_answer(path, statement, output_format, sys.stdout.buffer)
        return
    scratch = output.with_name(output.name + ".partial")
    try:
        with scratch.open("wb") as out:
            write_answer(path, statement, output_format, out)
        scratch.replace(output)
    except OSError as error:
        raise WarehouseError(
            "The answer could not be written.",
            where=str(output),
            found=str(error),
            next_step="name a file in a folder that can be written to",
        ) from error
    finally:
        scratch.unlink(missing_ok=True)
