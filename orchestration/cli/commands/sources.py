"""``warehouse sources``: the files on record, whether their bytes match the record, and new versions."""

import sys
from pathlib import Path

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import DBT_PROJECT, SOURCES_DIR, Settings


@click.group(invoke_without_command=True)
@pass_settings
def sources(settings: Settings) -> None:
    """List the sources; ``verify`` checks every file's bytes, ``upgrade`` records a new version, ``sync`` follows."""
    if click.get_current_context().invoked_subcommand is None:
        from orchestration.cli.summary import sources_text

        click.echo(sources_text(settings))


@sources.command()
@click.option("--offline", is_flag=True, help="Never use the network.")
@pass_settings
def verify(settings: Settings, offline: bool) -> None:
    """Look for every source file (cache, mirror, network) and compare it with its sha256."""
    from dataclasses import replace

    from orchestration.cli.summary import verification

    text, complete = verification(replace(settings, offline=settings.offline or offline))
    click.echo(text)
    if not complete:
        sys.exit(1)


@sources.command()
@pass_settings
def sync(settings: Settings) -> None:
    """Write the files that follow from the records: dbt's missing codes, and the JSON schema for editors."""
    from orchestration.scaffold.generated import write_generated

    written = write_generated(settings.catalog_dir, DBT_PROJECT)
    click.echo("\n".join(f"written: {path}" for path in written) or "all files are current")


@sources.command()
@click.argument("name", metavar="NAME")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="The new file, or the archive it is in.")
@click.option("--url", help="The publisher's address, to be recorded; without --file the file is downloaded from it.")
@click.option("--member", help="Its path in the archive; `outer.zip!inner.csv` steps into an archive within.")
@click.option("--version", help="The publisher's name of the new version.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="An edited copy of the record, where the new version needs another contract.",
)
@click.option("--accept-changed-figures", is_flag=True, help="Record it although tests of known figures fail on it.")
@click.option("--tolerance", default=0.0, type=click.FloatRange(0, 1), help="As in `warehouse diff`.")
@click.option("--limit", default=20, type=click.IntRange(1), show_default=True, help="Rows in each list.")
@click.option("--offline", is_flag=True, help="Never use the network.")
@click.option("--yes", is_flag=True, help="Record it without confirmation.")
@pass_settings
def upgrade(
    settings: Settings,
    name: str,
    file: Path | None,
    url: str | None,
    member: str | None,
    version: str | None,
    record: Path | None,
    accept_changed_figures: bool,
    tolerance: float,
    limit: int,
    offline: bool,
    yes: bool,
) -> None:
    """Record a new version of a source, after showing what it changes.

    NAME is a source, or source/file where it has several files. The new bytes come from --file, from --url, or from the
    address on record. They must meet the contract on record; the mart is built from them in a scratch folder. Record
    and cache change only after that and your confirmation; the publication changes with the next `warehouse run`.
    """
    from contextlib import nullcontext
    from dataclasses import replace

    from orchestration.scaffold.generated import removing_codes_of
    from orchestration.upgrade.preview import preview
    from orchestration.upgrade.propose import Request, propose, write_record
    from orchestration.upgrade.text import preview_text, proposal_text, recorded_text, refusal

    settings = replace(settings, sources="real", offline=settings.offline or offline)
    proposal = propose(settings, Request(name, file, url, member, version, record))
    click.echo(proposal_text(proposal))
    if not proposal.is_new:
        return
    click.echo("building the mart from the new file in a scratch folder ...", err=True)
    # dbt has the missing codes of the project's own records; another folder of records leaves its macro as it is
    is_own = settings.catalog_dir == SOURCES_DIR
    tables = [table for file in proposal.after.files for table in file.tables]
    with removing_codes_of(SOURCES_DIR, DBT_PROJECT, tables) if is_own else nullcontext():
        found = preview(settings, proposal, tolerance)
        click.echo(preview_text(proposal, found, limit))
        refused = refusal(found, accept_changed_figures, can_confirm=yes or sys.stdin.isatty())
        if refused:
            raise refused
        if not yes and not click.confirm("Record this version?"):
            click.echo("nothing was recorded")
            return
        write_record(settings, proposal)
    click.echo(recorded_text(settings, proposal))
