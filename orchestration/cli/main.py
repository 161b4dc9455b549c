"""The command line: ``warehouse COMMAND``. Exit 0 done, 1 failed, 2 wrong usage."""

import os
import sys
from importlib.util import find_spec

import click

from orchestration.cli.commands import (
    diff,
    docs,
    explore,
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
    """Prints a WarehouseError or a package that is not installed and exits 1; other exceptions show their traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except WarehouseError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(1)
        except ModuleNotFoundError as error:
            click.echo(f"error: {_not_installed(error)}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)


def _not_installed(error: ModuleNotFoundError) -> WarehouseError:
    """Say which extra has the package; a module of this project that is missing is a defect."""
    if error.name is None or error.name.partition(".")[0] in ("orchestration", "analysis"):
        raise error
    return WarehouseError(
        "This command needs a package that is not installed.",
        expected=f"the package that has the module {error.name}",
        found="an installation for reading only" if find_spec("dagster") is None else "an installation without it",
        next_step="Install the extra: pip install 'alliance-formation-warehouse[operate]'; the lake has the extra lake,"
        " Dask the extra cluster.",
    )


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
    explore.explore,
    export.export,
    report.report,
    new.new,
    ui.ui,
):
    main.add_command(command)
