"""A disagreement of the two estimators stops the refresh before the publication."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from dagster import AssetExecutionContext, AssetKey, ResourceDefinition, asset, materialize

from analysis.core import tables
from orchestration.core.settings import SAMPLE, Settings
from orchestration.defs.estimates import estimates_assets
from orchestration.modelling import results
from orchestration.modelling.result_tables import ESTIMATE_TABLES
from orchestration.publication.evidence import _agreement_checks

ROW = {
    "model": "kimball_2010/t1_m2a",
    "reference": "statsmodels 0",
    "n": 100,
    "n_coefficients": 3,
    "coefficient_difference": 1e-12,
    "robust_difference": 1e-11,
    "cluster_difference": 1e-10,
    "tolerance": 1e-8,
    "agrees": True,
    "problem": None,
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path, sources=SAMPLE)
    made.results_dir.mkdir(parents=True)
    with duckdb.connect(str(tmp_path / "build.duckdb")) as build:
        build.execute("create schema marts; create table marts.country_years as select 1816 as year")
    return made


def write(settings: Settings, **changes: object) -> dict[str, pd.DataFrame]:
    frames = {table: tables.frame(table, [], True) for table in ESTIMATE_TABLES}
    frames["estimator_agreement"] = tables.frame("estimator_agreement", [ROW | changes], True)
    for table in ("estimator_agreement", "models", "coefficients"):
        frames[table].to_parquet(settings.results_dir / f"{table}.parquet")
    return frames


@pytest.mark.parametrize("agrees", [True, False])
def test_a_disagreement_stops_what_follows(settings: Settings, monkeypatch: pytest.MonkeyPatch, agrees: bool) -> None:
    @asset(deps=[AssetKey(["results", "estimator_agreement"])])
    def after(context: AssetExecutionContext) -> None:
        reached.append(context.asset_key)

    reached: list[AssetKey] = []
    monkeypatch.setattr(results, "estimate_models", lambda *_: write(settings, agrees=agrees))
    done = materialize(
        [estimates_assets(settings)[0], after],
        resources={"settings": settings, "refresh_lock": ResourceDefinition.none_resource()},
        raise_on_error=False,
    )
    assert done.success == bool(reached) == agrees


def test_the_published_check_has_the_largest_differences(settings: Settings) -> None:
    write(settings)
    (check,) = _agreement_checks(settings)
    assert (check["check_name"], check["status"]) == ("estimator_agreement_kimball_2010", "pass")
    for figure in ("1 models", "1.0e-12", "1.0e-11", "1.0e-10"):
        assert figure in check["found"]


def test_the_published_check_names_models_that_disagree(settings: Settings) -> None:
    """The audit refuses a publication with a failed check."""
    write(settings, agrees=False)
    (check,) = _agreement_checks(settings)
    assert (check["status"], check["failures"]) == ("fail", 1)
    assert "kimball_2010/t1_m2a" in check["found"]
