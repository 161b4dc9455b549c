"""Dagster's pages in a browser: lineage, an asset, its checks, a figure, and a run started by clicks."""

import re
import time

import duckdb
import pytest
from playwright.sync_api import expect

from orchestration.modelling.result_tables import ESTIMATE_TABLES, RESULT_TABLES
from tests.support.browser import Dagster, Visit

pytestmark = pytest.mark.slow

GROUPS = ("ingest", "staging", "intermediate", "marts", "analysis", "publish")
RUN_SECONDS = 120


def test_the_lineage_shows_every_group_and_its_edges(visit: Visit, dagster: Dagster) -> None:
    nodes = dagster.query("{ assetNodes { groupName assetKey { path } dependencyKeys { path } } }")["assetNodes"]
    group_of = {tuple(node["assetKey"]["path"]): node["groupName"] for node in nodes}
    joins = {
        (group_of[tuple(upstream["path"])], node["groupName"]) for node in nodes for upstream in node["dependencyKeys"]
    }
    across = {(upstream, group) for upstream, group in joins if upstream != group}
    assert {("ingest", "staging"), ("intermediate", "marts"), ("marts", "analysis"), ("analysis", "publish")} < across

    page = visit.open("/asset-groups")
    graph = page.locator("[data-svg-viewport]")
    for group in GROUPS:
        expect(graph.get_by_text(group, exact=True)).to_be_visible()
    expect(graph.locator("path[marker-end]")).to_have_count(len(across))
    last = graph.get_by_text(GROUPS[-1], exact=True).bounding_box()
    first = graph.get_by_text(GROUPS[0], exact=True).bounding_box()
    visit.screenshot(
        "lineage", {"x": first["x"] - 20, "y": first["y"] - 80, "width": last["x"] - first["x"] + 160, "height": 180}
    )


def test_an_asset_shows_rows_types_and_column_lineage(visit: Visit, dagster: Dagster) -> None:
    rows = published(dagster, "select count(*) from marts.country_years")
    page = visit.open("/assets/marts/country_years")
    expect(page.get_by_text("Row count")).to_be_visible()
    expect(page.get_by_text(f"{rows:,}").first).to_be_visible()
    page.get_by_placeholder("Filter columns").fill("w_over_s")
    row = page.get_by_role("row").filter(has_text="w_over_s")
    expect(row).to_contain_text("double")
    expect(row).to_contain_text("intermediate/int_selectorate: w_over_s")
    visit.screenshot("asset_country_years")


def test_a_source_shows_citation_contract_and_checks(visit: Visit) -> None:
    page = visit.open("/assets/raw/national_capabilities")
    expect(page.get_by_text("Singer, J. David").first).to_be_visible()
    expect(page.get_by_text("1816 to 2022").first).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("cow_nmc.yml"))).to_be_visible()  # its record
    visit.screenshot("asset_national_capabilities")
    visit.open("/assets/raw/national_capabilities?view=checks")
    expect(page.get_by_text("row_count").first).to_be_visible()
    expect(page.get_by_text("newest_version").first).to_be_visible()
    expect(page.get_by_text("Succeeded")).to_have_count(4)
    visit.screenshot("checks_national_capabilities")


def test_the_publication_is_fresh_by_the_schedule(visit: Visit) -> None:
    page = visit.open("/assets/publication")
    expect(page.get_by_text(re.compile("Warns if more than 7 days"))).to_be_visible()
    expect(page.get_by_text("Passing", exact=True).first).to_be_visible()  # the daemon evaluated the policy
    visit.screenshot("asset_publication")


def test_a_figure_is_shown_with_its_asset(visit: Visit) -> None:
    page = visit.open("/assets/presentation")
    page.get_by_role("row").filter(has_text="coverage").get_by_text("[Show Markdown]").first.click()
    figure = page.get_by_role("dialog").locator("img")
    expect(figure).to_be_visible()
    assert figure.evaluate("image => image.complete && image.naturalWidth") >= 600
    visit.screenshot("figure_coverage")


def test_a_preview_of_synthetic_results_is_labelled(visit: Visit) -> None:
    page = visit.open("/assets/results/coefficients")
    page.get_by_role("row").filter(has_text="preview").get_by_text("[Show Markdown]").click()
    expect(page.get_by_role("dialog").get_by_text(re.compile("SYNTHETIC"))).to_be_visible()
    visit.screenshot("preview_coefficients")


def test_after_a_refresh_no_asset_is_stale(dagster: Dagster) -> None:
    nodes = dagster.query("{ assetNodes { assetKey { path } staleStatus } }")["assetNodes"]
    statuses = {"/".join(node["assetKey"]["path"]): node["staleStatus"] for node in nodes}
    assert {name for name, status in statuses.items() if status == "STALE"} == set()
    missing = {name for name, status in statuses.items() if status == "MISSING"}
    dyads = {"intermediate/int_alliance_dyad_years", "intermediate/int_dispute_dyad_years", "marts/dyad_years"}
    assert missing == {f"results/{table}" for table in RESULT_TABLES.keys() - ESTIMATE_TABLES.keys()} | dyads


def test_a_run_started_by_clicks_publishes(visit: Visit, dagster: Dagster) -> None:
    before, earlier = published(dagster), last_run(dagster)
    page = visit.open("/assets/publication")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_role("button", name="Confirm").click()  # to run without the inference on request
    run, end = earlier, time.monotonic() + RUN_SECONDS
    ended = ("SUCCESS", "FAILURE", "CANCELED")
    while (run["runId"] == earlier["runId"] or run["status"] not in ended) and time.monotonic() < end:
        time.sleep(1)
        run = last_run(dagster)
    visit.open(f"/runs/{run['runId']}")
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    expect(page.get_by_text("RUN_SUCCESS")).to_be_visible()
    visit.screenshot("run_succeeded")
    assert published(dagster) != before
    tags = {tag["key"]: tag["value"] for tag in last_run(dagster)["tags"]}
    assert tags.items() >= {"warehouse/started_by": "Dagster UI", "warehouse/data": "SYNTHETIC"}.items()


def last_run(dagster: Dagster) -> dict:
    query = "{ runsOrError(limit: 1) { ... on Runs { results { runId status tags { key value } } } } }"
    return dagster.query(query)["runsOrError"]["results"][0]


def published(dagster: Dagster, query: str = "select publication_id from meta.publication") -> str | int:
    with duckdb.connect(str(dagster.data_dir / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchone()[0]
