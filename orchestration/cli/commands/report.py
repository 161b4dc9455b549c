"""``warehouse report``: one page of what is published."""

from pathlib import Path

import click

from orchestration.cli.context import pass_settings
from orchestration.cli.pages import page_options, write_page
from orchestration.core.settings import Settings

REPORT = "report.html"


@click.command()
@page_options(REPORT)
@pass_settings
def report(settings: Settings, output: Path | None, publication: str | None, open_it: bool) -> None:
    """One self-contained HTML page: what was run on what, what it says, and what it cannot say."""
    from orchestration.outputs.report.page import write_report

    write_page(write_report, settings, output or settings.presentation_dir / REPORT, publication, open_it)
