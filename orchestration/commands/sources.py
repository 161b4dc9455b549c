"""``warehouse sources``: the files on record, and whether their bytes are as recorded."""

import sys

import click

from orchestration.settings import from_environment


@click.group(invoke_without_command=True)
@click.pass_context
def sources(ctx: click.Context) -> None:
    """List the sources; ``sources verify`` checks every file's bytes."""
    if ctx.invoked_subcommand is None:
        from orchestration.summary import sources_text

        click.echo(sources_text(from_environment()))


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
