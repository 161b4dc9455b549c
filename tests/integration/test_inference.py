"""``warehouse run --with inference``: specification curve, robustness and validation, published with the same mart."""

import shutil
from pathlib import Path

import pytest

from analysis.studies.multiverse.dimensions import DIMENSIONS, SIZE
from analysis.studies.specification_curve import CURVES, PLANTED_LARGE
from tests.support.shell import Shell
from tests.support.warehouses import copied

pytestmark = pytest.mark.slow
OPTIONS = sum(map(len, DIMENSIONS.values()))


@pytest.fixture(scope="module")
def inferred(real_warehouse: Shell, mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    shell = Shell(tmp_path_factory.mktemp("inferred") / "data")
    shutil.copytree(real_warehouse.data_dir, shell.data_dir)
    done = shell("run", "--with", "inference", "--offline", "--sources", str(mirror))
    assert done.returncode == 0, done.stderr
    assert "build_warehouse" not in done.stderr, "the mart did not change and should not be built again"
    return shell


def test_multiverse_is_complete_and_does_not_decide(inferred: Shell) -> None:
    fitted = "select count(*) from results.specification_curve where problem is null and curve = '{}'"
    for curve in CURVES:
        assert int(inferred.sql(fitted.format(curve))) >= 0.95 * SIZE
    tests = inferred.sql("select count(*) from results.specification_tests where p_value between 0 and 1")
    assert int(tests) == len(CURVES) * 5
    assert int(inferred.sql("select count(*) from results.multiverse_shares")) == len(CURVES) * (1 + OPTIONS)
    primary = "select p_value {} from results.specification_tests where is_primary and curve = '{}'"
    assert inferred.sql(primary.format("> 0.05", "observed")) == "true"
    assert inferred.sql(primary.format("> 0.05", "placebo")) == "true"
    assert inferred.sql(primary.format("< 0.05", PLANTED_LARGE)) == "true"


def test_robustness_and_validation(inferred: Shell) -> None:
    checks = inferred.sql('select count(distinct "check") from results.robustness')
    assert int(checks) >= 8
    assert int(inferred.sql("select count(*) from results.validation")) >= 20
    left_out = "select count(distinct identifier) from results.leave_out where left_out = 'one {}' and problem is null"
    assert int(inferred.sql(left_out.format("year"))) > 150
    assert int(inferred.sql(left_out.format("treaty"))) > 400
    assert inferred.sql("select count(*) filter (outcome) > 300 from results.separation") == "true"


def test_verdict_rests_on_all_evidence(inferred: Shell) -> None:
    verdict = " ".join(inferred("results").stdout.split("\n\n")[0].split())
    assert verdict.startswith("That rising demand for social policy raises alliance formation is not robust")
    assert "it does not hold between years of the same state (p 0.657)" in verdict
    assert "over the multiverse of specifications (p " in verdict
    assert "in predictions out of sample" in verdict
    assert "not run" not in verdict


def test_figures_are_drawn(inferred: Shell) -> None:
    figures = {path.stem for path in (inferred.data_dir / "publication" / "figures").glob("*.png")}
    assert {"specification_curve", "separation", "frontier", "rise_by_model"} <= figures


def test_second_run_changes_nothing(inferred: Shell, mirror: Path) -> None:
    before = inferred.published_hash()
    done = inferred("run", "--with", "inference", "--offline", "--sources", str(mirror))
    assert "nothing changed" in done.stdout
    assert inferred.published_hash() == before


def test_pairs_of_states_need_both_extras(inferred: Shell, mirror: Path, tmp_path: Path) -> None:
    tables = "select count(*) from duckdb_tables() where table_name in ('dyad_years', 'network')"
    assert inferred.sql(tables) == "0"
    both, arguments = copied(inferred, tmp_path), ("--with", "inference", "--with", "dyads")
    done = both("run", *arguments, "--offline", "--sources", str(mirror))
    assert done.returncode == 0, done.stderr
    assert "robustness" not in done.stderr, "the inference is published and should not be made again"
    rises = "select {} from results.network where term = 'infant_mortality_rose_sum' and covariance {}"
    assert both.sql(rises.format("count(*)", "is not null and p_value between 0 and 1")) == "30"
    errors = [
        float(both.sql(rises.format("min(std_error)", f"= '{name}'"))) for name in ("dyadic_robust", "cluster_dyad")
    ]
    assert errors[0] > 2 * errors[1]
    assert both.sql(tables) == "2"
    again = both("run", *arguments, "--offline", "--sources", str(mirror))
    assert "nothing changed" in again.stdout
    # A build without the dyad-years publishes no table that was made from them.
    forced = both("run", "--force", "--offline", "--sources", str(mirror))
    assert forced.returncode == 0, forced.stderr
    assert both.sql(tables) == "0"
