"""The verdict in worlds of the real panel's size with and without an effect: docs/verdict.md has 100 draws of each."""

import duckdb
import pytest

from analysis.core.panel import prepare
from analysis.design.matrix import build
from analysis.inference.fitting import fit_checked
from analysis.studies.evidence.rows import term_row
from analysis.studies.kimball import ROSE, headline_model
from analysis.studies.multiverse.dimensions import specifications
from analysis.studies.planted_worlds import planted_world, world_source
from analysis.studies.verdict import NOT_ROBUST, NOT_SUPPORTED, SUPPORTED
from tests.support.shell import Shell
from tests.support.verdict_worlds import judge_world

pytestmark = pytest.mark.slow

SPECIFICATIONS = specifications()[::8]


@pytest.fixture(scope="module")
def source(real_warehouse: Shell):
    with duckdb.connect(str(real_warehouse.data_dir / "warehouse.duckdb"), read_only=True) as connection:
        panel = connection.execute("from marts.country_years order by cow_code, year").df()
    return world_source(prepare(panel))


def categories(source, effect: float, draws: int) -> list[str]:
    return [judge_world(planted_world(source, effect, seed), SPECIFICATIONS).category for seed in range(1, draws + 1)]


def test_without_an_effect_supported_is_rare(source):
    """One of these 40 draws gives it in the table of 100, so that three would be a change of the rule."""
    found = categories(source, 0.0, 40)
    assert found.count(SUPPORTED) <= 2
    assert found.count(NOT_ROBUST) + found.count(NOT_SUPPORTED) >= 36


def test_a_large_effect_is_mostly_not_rejected(source):
    found = categories(source, 0.06, 10)
    assert found.count(SUPPORTED) >= 3
    assert NOT_SUPPORTED not in found
    assert found.count(NOT_ROBUST) <= 4


def test_the_planted_effect_has_its_size(source):
    """The time dependence multiplies an effect somewhat: a formation makes the next one more likely."""

    def pooled(effect: float, seed: int) -> float:
        model = headline_model()
        design = build(planted_world(source, effect, seed), model)
        return term_row(fit_checked(design, model)[0], design, ROSE)["effect"]

    gains = [pooled(0.03, seed) - pooled(0.0, seed) for seed in range(1, 11)]
    assert 0.027 <= sum(gains) / 10 <= 0.042
