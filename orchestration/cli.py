"""The command line: ``warehouse run | status | sources | sql | results``. Exit 0 done, 1 failed, 2 wrong usage."""

import os
import sys
from pathlib import Path

import click

from orchestration.errors import WarehouseError
from orchestration.settings import from_environment


class PlainErrors(click.Group):
    """Prints a WarehouseError as it is and exits 1; anything else is a fault of ours and shows its traceback."""

    def invoke(self, ctx: click.Context):
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
    """Do states ally so that they can spend on social policy? Raw files in, a tested panel and honest results out."""


@main.command()
@click.option(
    "--sources",
    default="auto",
    metavar="auto|real|sample|DIR",
    show_default=True,
    help="Where data come from: real if all can be had else the sample; real only; the sample; a folder.",
)
@click.option(
    "--with",
    "extras",
    multiple=True,
    type=click.Choice(["inference"]),
    help="Also make what takes minutes: specification curve, robustness, out-of-sample validation.",
)
@click.option("--force", is_flag=True, help="Do everything again even if nothing changed.")
@click.option("--wait", default=0.0, metavar="SECONDS", help="Wait that long for another refresh to end.")
@click.option("--offline", is_flag=True, help="Never ask the network.")
def run(sources: str, extras: tuple[str, ...], force: bool, wait: float, offline: bool) -> None:
    """Refresh: fetch, check, build, estimate, publish."""
    from dataclasses import replace

    from orchestration.refresh import refresh
    from orchestration.summary import outcome_summary

    settings = from_environment()
    settings = replace(settings, offline=settings.offline or offline)
    outcome = refresh(
        settings,
        sources,
        force=force,
        with_inference="inference" in extras,
        wait_seconds=wait,
        announce=lambda told: click.echo(f"warehouse run on {told}", err=True),
    )
    click.echo(outcome_summary(outcome))


@main.command()
def status() -> None:
    """What is published, from which versions, how fresh, what the last run did."""
    from orchestration.summary import status_text

    click.echo(status_text(from_environment()))


@main.group(invoke_without_command=True)
@click.pass_context
def sources(ctx: click.Context) -> None:
    """List the sources; ``sources verify`` checks every file's bytes."""
    if ctx.invoked_subcommand is None:
        from orchestration.summary import sources_text

        click.echo(sources_text())


@sources.command()
@click.option("--offline", is_flag=True, help="Never ask the network.")
def verify(offline: bool) -> None:
    """Look for every source file (cache, mirror, network) and hold it against its sha256."""
    from dataclasses import replace

    from orchestration.summary import verification

    settings = from_environment()
    text, complete = verification(replace(settings, offline=settings.offline or offline))
    click.echo(text)
    if not complete:
        sys.exit(1)


@main.command()
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


@main.command()
def results() -> None:
    """The fitted models: the headline table, the term in question under every covariance, and what was chosen."""
    from orchestration.summary import results_text

    click.echo(results_text(from_environment()))


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port on this machine.")
def ui(port: int) -> None:
    """Dagster's web interface and daemon, for this machine only (127.0.0.1)."""
    settings = from_environment()
    click.echo(f"Dagster UI: http://127.0.0.1:{port}  (Ctrl-C ends it)", err=True)
    dagster = str(Path(sys.executable).with_name("dagster"))
    arguments = [
        dagster,
        "dev",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--module-name",
        "orchestration.definitions",
    ]
    os.execve(dagster, arguments, {**os.environ, **settings.environment()})
