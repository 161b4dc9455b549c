"""``warehouse new``: the files of a new source or of a new dbt model."""

from pathlib import Path

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import DBT_PROJECT, REPOSITORY, Settings


@click.group()
def new() -> None:
    """Write the files of a new source or model; nothing is overwritten."""


@new.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", help="Name of the source; by default that of the file.")
@click.option("--sheet", "--table", "table", help="Sheet of a workbook, or object of an R data file.")
@click.option("--member", help="Path of the file in a zip archive.")
@click.option("--skip-lines", default=0, type=click.IntRange(0), help="Lines above the header of a CSV file.")
@click.option("--key", help="Key columns, separated by commas, if the proposed ones are wrong.")
@pass_settings
def source(
    settings: Settings,
    file: Path,
    name: str | None,
    table: str | None,
    member: str | None,
    skip_lines: int,
    key: str | None,
) -> None:
    """Examine FILE and write its record, dbt source, staging model, country mapping and intermediate model.

    FILE is a .csv, .dta, .xlsx, .rda, or a .zip with one of them. What only a person can decide (licence, citation,
    unit) is listed at the end and written as `undecided`, which every command refuses until it is replaced.
    """
    from orchestration.scaffold.reading import Location
    from orchestration.scaffold.report import findings_text, source_text
    from orchestration.scaffold.source import new_source

    columns = [column.strip() for column in key.split(",")] if key else []
    made = new_source(settings.catalog_dir, DBT_PROJECT, file, Location(member, table, skip_lines), name, columns)
    click.echo(findings_text(made) + "\n")
    made.files.write()
    click.echo(source_text(made, REPOSITORY))


@new.command()
@click.argument("name", metavar="NAME")
@click.option("--layer", type=click.Choice(["staging", "intermediate", "marts"]), help="By default from the name.")
@click.option("--table", help="The raw table that a staging model reads.")
@pass_settings
def model(settings: Settings, name: str, layer: str | None, table: str | None) -> None:
    """Write SQL, documentation and tests of a new dbt model.

    NAME is stg_PUBLISHER__NAME, int_NAME, or for a mart any other name.
    """
    from orchestration.scaffold.model import new_model
    from orchestration.scaffold.report import written_text

    layer = layer or {"stg": "staging", "int": "intermediate"}.get(name.split("_")[0], "marts")
    files = new_model(settings.catalog_dir, DBT_PROJECT, name, layer, table)
    files.write()
    click.echo(written_text([*files.new, *files.changed], REPOSITORY))
    click.echo("\nAdd its columns to both files; `warehouse run` builds, tests and publishes it.")
    click.echo("`make checks` lists its tests in docs/checks.md.")
