"""``warehouse run --with bayes``: the multilevel probit is sampled on the published mart and published with it."""

from pathlib import Path

import pytest

from tests.support.shell import Shell
from tests.support.warehouses import copied


@pytest.mark.slow
def test_the_multilevel_probit_is_published(
    sample_warehouse: tuple[Shell, object], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    shell = copied(sample_warehouse[0], tmp_path_factory.mktemp("multilevel"), *sample_warehouse[0].variables)
    done = shell("run", "--sources", "sample", "--with", "bayes")
    assert done.returncode == 0, done.stderr
    assert "build_warehouse" not in done.stderr, "the mart did not change and should not be built again"
    assert int(shell.sql("select count(distinct model) from results.multilevel")) == 3
    undescribed = "select count(*) from meta.columns where table_name like 'multilevel%' and description = ''"
    assert int(shell.sql(undescribed)) == 0
    report = tmp_path / "report.html"
    assert shell("report", "--output", str(report)).returncode == 0
    assert 'id="table-multilevel"' in report.read_text()
