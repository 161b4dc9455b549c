"""``warehouse run``: one refresh."""

import click

from orchestration.cli.context import pass_settings
from orchestration.core.settings import Settings


@click.command()
@click.option(
    "--sources",
    default="auto",
    metavar="auto|real|sample|DIR",
    show_default=True,
    help="Where data come from: real if every file is available, else the sample; real only; the sample; a folder.",
)
@click.option(
    "--with",
    "extras",
    multiple=True,
    type=click.Choice(["inference", "dyads", "bayes"]),
    help="Also make: inference, which takes minutes (specification curve, robustness, parts left out, out-of-sample"
    " validation); dyads, marts.dyad_years (1.9 million directed dyad-years); bayes, the headline model as a"
    " multilevel Bayesian probit, which takes up to ten minutes and needs the extra bayes.",
)
@click.option("--force", is_flag=True, help="Do everything again even if nothing changed.")
@click.option("--wait", default=0.0, metavar="SECONDS", help="How long to wait for another refresh to end.")
@click.option("--offline", is_flag=True, help="Never use the network.")
@pass_settings
def run(settings: Settings, sources: str, extras: tuple[str, ...], force: bool, wait: float, offline: bool) -> None:
    """Refresh: fetch, check, build, estimate, publish."""
    from dataclasses import replace

    from orchestration.cli.summary import outcome_summary
    from orchestration.runtime.refresh import refresh

    settings = replace(settings, offline=settings.offline or offline)
    outcome = refresh(
        settings,
        sources,
        force=force,
        extras=extras,
        wait_seconds=wait,
        announce=lambda message: click.echo(f"warehouse run on {message}", err=True),
    )
    click.echo(outcome_summary(outcome))
