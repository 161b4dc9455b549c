"""``warehouse publications`` and ``warehouse diff`` on the publication of a refresh."""

import json

from orchestration.publication.table_keys import TABLE_KEYS
from tests.support.shell import Shell


def test_publication_of_a_refresh_is_listed(sample_warehouse) -> None:
    shell, _ = sample_warehouse
    done = shell("publications", "--format", "json")
    (kept,) = json.loads(done.stdout)
    record = shell.sql("select publication_id, fingerprint, is_synthetic from meta.publication")
    assert f"{kept['publication_id']},{kept['fingerprint']},{str(kept['is_synthetic']).lower()}" == record
    assert kept["country_years"] == int(shell.sql("select count(*) from marts.country_years"))
    assert (kept["is_current"], kept["lacks"]) == (True, [])
    assert "SYNTHETIC" in shell("publications").stdout


def test_publication_equals_itself_in_every_table(real_warehouse: Shell) -> None:
    (kept,) = json.loads(real_warehouse("publications", "--format", "json").stdout)
    done = real_warehouse("diff", kept["publication_id"], "current", "--format", "json")
    difference = json.loads(done.stdout)
    published = real_warehouse.sql(
        "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('marts', 'results')"
    ).split()
    assert sorted(difference["tables"]) == sorted(published)
    for table in difference["tables"].values():
        assert table["rows_before"] == table["rows_after"] > 0
        assert not any(table[part] for part in ("added", "removed", "rows_changed", "columns", "columns_added"))
    assert not any(difference[part] for part in ("sources", "coefficients", "models", "not_compared"))


def test_every_published_key_is_a_primary_key(real_warehouse: Shell) -> None:
    without = real_warehouse.sql(
        "select t.schema_name || '.' || t.table_name from duckdb_tables() as t where not exists (select 1 from"
        " duckdb_constraints() as c where c.schema_name = t.schema_name and c.table_name = t.table_name"
        " and c.constraint_type = 'PRIMARY KEY')"
    )
    not_primary = {name for name, key in TABLE_KEYS.items() if not key.is_primary}
    assert set(without.splitlines()) <= not_primary


def test_diff_of_an_unknown_publication(real_warehouse: Shell) -> None:
    done = real_warehouse("diff", "19990101")
    assert done.returncode == 1
    assert "Publication not found" in done.stderr
    assert "Traceback" not in done.stderr
