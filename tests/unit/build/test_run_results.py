"""A failed node is named as its author named it."""

import pytest

from orchestration.build.run_results import NodeResult


@pytest.mark.parametrize(
    ("unique_id", "name"),
    [
        ("model.alliance_formation.country_years", "country_years"),
        ("test.alliance_formation.cinc_sums_to_one", "cinc_sums_to_one"),
        ("test.alliance_formation.unique_key.0a1b2c", "unique_key"),
        ("unit_test.alliance_formation.int_contiguity.islands_have_no_neighbours", "islands_have_no_neighbours"),
    ],
)
def test_the_name_is_that_of_the_node_itself(unique_id: str, name: str) -> None:
    assert NodeResult(unique_id, "fail", 1, "").name == name
