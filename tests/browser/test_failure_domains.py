"""What fails is red in Dagster, and nothing else: one wrong source, one failing test, an estimator that raises."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from orchestration.modelling.result_tables import ESTIMATE_TABLES
from tests.faults.test_inside import raising_estimator
from tests.support.browser import Dagster, Visit, serving, visiting
from tests.support.faults import change_sample
from tests.support.rdata_files import CAPABILITIES, with_half_of_all_shares
from tests.support.shell import Done, Shell
from tests.support.warehouses import copied

pytestmark = pytest.mark.slow

STATE = """{ assetNodes {
    assetKey { path }
    assetChecksOrError { ... on AssetChecks { checks {
        name executionForLatestMaterialization { status evaluation { severity } }
    } } }
} }"""
LATEST = """{ assetsLatestInfo(assetKeys: [%s]) {
    assetKey { path } latestMaterialization { runId } latestRun { id status }
} }"""
SOURCE, MART = "raw/national_capabilities", "marts/country_years"
ESTIMATES = {f"results/{table}" for table in ESTIMATE_TABLES}


def flip_a_byte(shell: Shell, _: Path) -> Shell:
    path = shell.data_dir / "sample_mirror" / CAPABILITIES
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return shell


def break_a_dbt_test(shell: Shell, _: Path) -> Shell:
    change_sample(shell.data_dir, CAPABILITIES, with_half_of_all_shares)
    return shell


def raise_in_an_estimator(shell: Shell, folder: Path) -> Shell:
    return Shell(shell.data_dir, (*shell.variables, ("PYTHONPATH", str(raising_estimator(folder)))))


@pytest.mark.parametrize(
    ("name", "spoil", "not_made", "failed_checks", "selection", "subject"),
    [
        ("wrong_source", flip_a_byte, {SOURCE}, {f"{SOURCE} contract"}, f'1+key:"{SOURCE}"+2', SOURCE),
        ("failing_dbt_test", break_a_dbt_test, set(), {f"{MART} cinc_sums_to_one"}, 'group:"marts"', MART),
        ("raising_estimator", raise_in_an_estimator, ESTIMATES, set(), 'group:"analysis"', "results/models"),
    ],
)
def test_only_what_failed_is_red(
    chromium: Browser,
    sample_warehouse: tuple[Shell, Done],
    tmp_path: Path,
    name: str,
    spoil: Callable[[Shell, Path], Shell],
    not_made: set[str],
    failed_checks: set[str],
    selection: str,
    subject: str,
) -> None:
    shell = copied(sample_warehouse[0], tmp_path, *sample_warehouse[0].variables)
    before = shell.published_hash()
    done = spoil(shell, tmp_path)("run", "--sources", "sample", "--force")
    assert done.returncode == 1, done.stderr
    # With real sources, of which none is available, the daemon does not repeat the failed refresh meanwhile.
    with serving(shell, sources="real") as dagster, visiting(chromium, dagster) as visit:
        assert failed_materializations(dagster) == not_made
        assert {check for check in checks_that_failed(dagster) if check.split()[0] not in not_made} <= failed_checks
        assert failed_checks <= checks_that_failed(dagster)
        pictures(visit, name, selection, subject)
    assert shell.published_hash() == before


def failed_materializations(dagster: Dagster) -> set[str]:
    """Assets whose latest run failed without making them, which the web interface shows as failed."""
    keys = [node["assetKey"]["path"] for node in dagster.query(STATE)["assetNodes"]]
    listed = ", ".join(f"{{path: {json.dumps(key)}}}" for key in keys)
    found = set()
    for info in dagster.query(LATEST % listed)["assetsLatestInfo"]:
        run, made = info["latestRun"], info["latestMaterialization"]
        if run and run["status"] == "FAILURE" and (made is None or made["runId"] != run["id"]):
            found.add("/".join(info["assetKey"]["path"]))
    return found


def checks_that_failed(dagster: Dagster) -> set[str]:
    """Checks that the web interface shows in red: failed with severity error, or not executed in a failed run."""
    found = set()
    for node in dagster.query(STATE)["assetNodes"]:
        for check in node["assetChecksOrError"].get("checks", []):
            last = check["executionForLatestMaterialization"]
            if last is None or last["status"] not in ("FAILED", "EXECUTION_FAILED"):
                continue
            if last["evaluation"] is None or last["evaluation"]["severity"] == "ERROR":
                found.add(f"{'/'.join(node['assetKey']['path'])} {check['name']}")
    return found


def pictures(visit: Visit, name: str, selection: str, subject: str) -> None:
    """Pictures to look at: what failed in the catalogue and in the lineage, and the publication that is in use."""
    query = quote(selection + ' or group:"publish"')
    page = visit.open(f"/assets?asset-selection={query}")
    expect(page.get_by_text("publication", exact=True).first).to_be_attached()
    expect(page.get_by_text("Loading...")).to_have_count(0)
    visit.screenshot(f"failure_{name}_catalogue")
    page = visit.open(f"/assets/{subject}?view=lineage&lineageScope=downstream&lineageDepth=2")
    graph = page.locator("[data-svg-viewport]")
    expect(graph.get_by_text(subject.split("/")[1], exact=True).first).to_be_visible()
    expect(graph.get_by_text("Loading...")).to_have_count(0)
    page.wait_for_timeout(4000)  # zoomed out, boxes without their state do not say so
    visit.screenshot(f"failure_{name}_lineage")
    page = visit.open("/assets/publication")
    expect(page.get_by_text("Latest materialization")).to_be_visible()
    expect(page.get_by_text("Passing", exact=True).first).to_be_visible()
    expect(page.get_by_text("Failed in")).to_have_count(0)
    visit.screenshot(f"failure_{name}_publication")
