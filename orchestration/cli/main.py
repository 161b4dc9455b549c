"""The command line: ``warehouse COMMAND``. Exit 0 done, 1 failed, 2 wrong usage."""

import os
import sys

import click

from orchestration.cli.commands import (
    diff,
    docs,
    export,
    new,
    publications,
    report,
    results,
    run,
    sources,
    sql,
    status,
    ui,
)
from orchestration.core.errors import WarehouseError


class PlainErrors(click.Group):
    """Prints a WarehouseError and exits 1; any other exception is a defect and shows its traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except WarehouseError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)


@click.group(cls=PlainErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="alliance-formation-warehouse")
def main() -> None:
    """Do states ally so that they can spend on social policy? From raw files to a tested panel and results."""


for command in (
    run.run,
    docs.docs,
    status.status,
    sources.sources,
    sql.sql,
    results.results,
    publications.publications,
    diff.diff,
    export.export,
    report.report,
    new.new,
    ui.ui,
):
    main.add_command(command)
