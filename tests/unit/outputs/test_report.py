"""The report is one self-contained page whose figures have alternative text and whose numbers are those published."""

import itertools
from dataclasses import replace
from pathlib import Path

import duckdb
import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.reporting import figures
from analysis.reporting.drawing import Drawing
from analysis.studies.kimball import HEADLINE_MODEL
from orchestration.cli.main import main
from orchestration.core.errors import WarehouseError
from orchestration.core.settings import SAMPLE, Settings
from orchestration.outputs import presentation
from orchestration.outputs.report import limits, page
from orchestration.outputs.report.elements import PageTable
from orchestration.outputs.report.page import render, write_report
from orchestration.outputs.report.reading import Reading, read
from orchestration.outputs.report.tables import page_tables
from orchestration.store.publication_file import PublicationFile
from tests.support.html_pages import Page
from tests.support.shell import Shell

DRAWN = {
    "predicted_probabilities",
    "rise_by_model",
    "dose_response",
    "formation_over_time",
    "mortality_by_region",
    "coverage",
    "frontier",
}


@pytest.fixture(scope="module")
def published(sample_warehouse) -> Path:
    return sample_warehouse[0].published


@pytest.fixture(scope="module")
def reading(published: Path) -> Reading:
    return read(PublicationFile(published))


@pytest.fixture(scope="module")
def written(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("report") / "report.html"
    assert write_report(PublicationFile(published), output) == output.stat().st_size
    return output


@pytest.fixture(scope="module")
def parsed(written: Path) -> Page:
    found = Page(written.read_text(encoding="utf-8"))
    assert not found.open, "every element is closed"
    return found


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace every figure by a blank one, since drawing takes seconds."""

    def blank(frames: dict, is_synthetic: bool):
        names = DRAWN | {"specification_curve", "separation"} & set(frames)
        for name in names:
            yield name, Drawing(matplotlib.figure.Figure(figsize=(1, 1)), f"Shows {name}", name, "n = 1", "none")

    monkeypatch.setattr(page, "drawings", blank)


def with_inference(reading: Reading) -> Reading:
    """The publication with invented tables of the inference; other tests draw their figures."""
    size = {"n": 100, "events": 10, "clusters": 5, "problem": None}
    states = [("without one state", f"cow_code {code}", 0.1 * code) for code in (1, 2, 3)]
    robustness = pd.DataFrame(
        [
            {"check": check, "detail": detail, "term": term, "estimate": estimate, "p_value": p_value, **size}
            for check, detail, estimate, p_value in (
                ("headline", HEADLINE_MODEL, 0.134, 0.044),
                ("decade effects", "one per decade", 0.096, 0.166),
                ("lead of mortality (placebo)", "1 years", 0.2, 0.0004),
                *((*state, 0.01) for state in states),
            )
            for term in ("infant_mortality_rate", "infant_mortality_rose")
        ]
    )
    validation = pd.DataFrame(
        [
            {
                "scheme": scheme,
                "score": "auc",
                "terms": terms,
                "value": value,
                "conf_low": -0.01,
                "conf_high": 0.02,
                **size,
            }
            for scheme in ("in sample", "forward in time", "states left out")
            for terms, value in (("with mortality", 0.75), ("without mortality", 0.74), ("difference", 0.01))
        ]
    )
    permuted = {"check": "permutation", "detail": "499 shifts", "term": "infant_mortality_rose", "p_value": 0.9}
    permuted |= {"statistic": 2.016, "null_mean": 2.089, **size}
    failed = {"check": "sample", "detail": "1816-1944", "problem": "separated"}
    robustness = pd.concat([robustness, pd.DataFrame([permuted, failed])], ignore_index=True)
    not_predicted = {"scheme": "forward in time", "problem": "1900s: no events"}
    validation = pd.concat([validation, pd.DataFrame([not_predicted])], ignore_index=True)
    parts = [("one year", 1938, 0.11), ("one year", 1939, 0.15), ("one treaty", 4400, 0.12)]
    left_out = {"term": "infant_mortality_rose", "p_value": 0.05}
    curve = {"effect": 0.1, "estimate": 0.1, "p_value": [0.01, 0.2], "measure": "rise", "curve": "observed", **size}
    tests = {
        "curve": "observed",
        "statistic": ["median z"],
        "is_primary": True,
        "specifications": 2,
        "observed": 1.2,
        "null_median": 0.0,
        "null_95": 0.6,
    }
    dimension = {"dimension": ["sample"], "option": "1816-2000", "status": "fixed"}
    shares = dimension | {"curve": "observed", "specifications": 2, "failed": 0, "weight": 1.0, "median_z": 1.2}
    shares |= {"share_positive": 1.0, "share_positive_significant": 0.5, "share_negative_significant": 0.0}
    added = {
        "robustness": robustness,
        "validation": validation,
        "separation": validation,
        "leave_out": pd.DataFrame(parts, columns=["left_out", "identifier", "estimate"]).assign(**left_out),
        "specification_curve": pd.DataFrame(curve),
        "specification_tests": pd.DataFrame(tests | {"p_value": 0.004, "draws": 999}),
        "multiverse_shares": pd.DataFrame(shares),
        "multiverse_dimensions": pd.DataFrame(dimension | {"reason": ["All years."], "weight": 1.0}),
    }
    return replace(reading, frames=reading.frames | added)


def test_the_same_publication_gives_the_same_bytes(published: Path, written: Path, tmp_path: Path) -> None:
    write_report(PublicationFile(published), tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == written.read_bytes()
    assert written.stat().st_size < 3e6


def test_the_page_loads_nothing(written: Path, parsed: Page) -> None:
    text = written.read_text(encoding="utf-8")
    assert not parsed.all("script")
    assert not parsed.all("link")
    assert not parsed.all("iframe")
    assert "@import" not in text
    assert "url(http" not in text
    loaded = [tag.get("src") or tag.get("srcset") for name in ("img", "source") for tag in parsed.all(name)]
    assert len(loaded) == 2 * len(DRAWN)
    assert all(address.startswith("data:image/svg+xml;base64,") for address in loaded)


def test_every_link_within_the_page_has_a_target(parsed: Page) -> None:
    identities = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(identities) == len(set(identities))
    links = [tag["href"] for tag in parsed.all("a")]
    inside = [link for link in links if link.startswith("#")]
    assert len(inside) >= 8
    assert {link[1:] for link in inside} <= set(identities)
    assert all(link.startswith(("http://", "https://")) for link in links if link not in inside)
    labels = [attributes[key] for _, attributes in parsed.tags for key in ("aria-labelledby",) if key in attributes]
    assert set(labels) <= set(identities)


def test_figures_have_alternative_text_and_n(parsed: Page, reading: Reading) -> None:
    for image in parsed.all("img"):
        assert len(image["alt"]) > 80
        assert any(map(str.isdigit, image["alt"]))
    identities = {identity for identity in parsed.texts if identity.startswith("figure-")}
    assert identities == {f"figure-{name}" for name in DRAWN}
    for identity in identities - {"figure-frontier"}:
        assert "n = " in parsed.texts[identity]
    assert "No observations" in parsed.texts["figure-frontier"]
    observed = reading.frames["country_years"]["infant_mortality_rate"].notna().sum()
    assert f"n = {observed:,} state-years" in parsed.texts["figure-mortality_by_region"]


def test_tables_have_their_n_and_header_cells(parsed: Page) -> None:
    captions = [identity for identity in parsed.texts if identity.startswith("caption-")]
    assert len(captions) == len(parsed.all("table")) == 6
    assert all("n = " in parsed.texts[identity] for identity in captions)
    assert all(header["scope"] in ("col", "row", "rowgroup") for header in parsed.all("th"))


def test_headings_are_in_order_and_the_language_is_given(parsed: Page) -> None:
    headings = [int(name[1]) for name, _ in parsed.tags if name in ("h1", "h2", "h3", "h4")]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(headings))
    assert parsed.all("html") == [{"lang": "en"}]
    assert parsed.all("meta")[1]["content"] == "width=device-width, initial-scale=1"


def test_a_page_of_the_sample_is_marked_everywhere(written: Path, parsed: Page) -> None:
    assert 'class="banner"' in written.read_text(encoding="utf-8").split("<h1")[0]
    captioned = [name for name in parsed.texts if name.startswith(("figure-", "caption-"))]
    assert len(captioned) == len(DRAWN) + 6
    assert all("SYNTHETIC sample" in parsed.texts[name] for name in captioned)
    assert "SYNTHETIC" in parsed.texts["answer"]


def test_numbers_are_those_published(published: Path, parsed: Page) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        estimates = connection.execute(
            "select model, estimate, std_error from results.coefficients where covariance = 'cluster_state'"
            " and term = 'cinc' and model like 'kimball_2010/t1_%' and model not like 'kimball_2010/%/%' order by model"
        ).fetchall()
        sizes = connection.execute(
            "select n from results.models where model like 'kimball_2010/t1_%' and is_headline order by model"
        ).fetchall()
        p_values = connection.execute(
            "select covariance, p_value from results.coefficients where model = ? and term = 'infant_mortality_rose'",
            [HEADLINE_MODEL],
        ).fetchall()
    rows = parsed.cells["table-headline"]
    first_row = next(number for number, row in enumerate(rows) if row[0].startswith("Capabilities"))
    shown = [float(cell.rstrip("*").replace("−", "-").replace(",", "")) for cell in rows[first_row][1:]]
    errors = [float(cell.strip("()").replace(",", "")) for cell in rows[first_row + 1][1:]]
    np.testing.assert_allclose(shown, [estimate for _, estimate, _ in estimates], atol=0.0051)
    np.testing.assert_allclose(errors, [error for *_, error in estimates], atol=0.0051)
    assert next(row for row in rows if row[0].startswith("State-years"))[1:] == [f"{n:,}" for (n,) in sizes]
    covariances = parsed.cells["table-covariances"]
    first = covariances.index(["Infant mortality rose (0/1)"])
    for name, p_value in p_values:
        row = next(row for row in covariances[first:] if row[0] == name.replace("_", " "))
        assert float(row[3].removeprefix("< ")) == pytest.approx(p_value, abs=0.001)


def test_each_published_command_is_beside_two_models(parsed: Page) -> None:
    rows = parsed.cells["table-crosswalk"]
    command = next(number for number, row in enumerate(rows) if row[0].startswith("Table 1 Model 2A: probit AF_new"))
    assert [row[0] for row in rows[command + 1 : command + 3]] == [HEADLINE_MODEL, f"{HEADLINE_MODEL}/as_published"]
    assert sum(row[0].startswith("Table ") for row in rows) == 8
    assert "IncDmdIMR" in parsed.texts["crosswalk"]
    for heading in ("Fixed by the published commands", "Left open, and chosen here", "Added by this project"):
        assert heading in parsed.texts["open-choices"]


def test_missing_results_are_named_in_their_sections(parsed: Page) -> None:
    for section in ("specifications", "prediction", "robust"):
        assert "warehouse run --with inference" in parsed.texts[section]


def test_pairs_of_states_are_shown_where_published(undrawn: None, reading: Reading, parsed: Page) -> None:
    assert "pairs" not in parsed.texts
    figures = {"estimate": 0.1344, "std_error": 0.0516, "conf_low": 0.0325, "conf_high": 0.2363, "p_value": 0.01}
    sizes = {"n": 390948, "events": 1473, "dyads": 13202, "states": 164, "clusters": 164, "problem": None}
    row = {"model": "dyads/military", "term": "infant_mortality_rose_sum", "covariance": "dyadic_robust"}
    failed = {"model": "dyads/military/decades", "problem": "separated"}
    network = pd.DataFrame([row | figures | sizes, row | figures | sizes | {"term": "cinc_sum"}, failed])
    found = Page(render(replace(reading, frames=reading.frames | {"network": network})))
    cells = ["dyadic-robust", "0.1344", "0.0516", "0.0325 to 0.2363", "0.010", "164"]
    assert found.cells["table-network"][1:] == [["Any military treaty"], cells]
    assert "13,202 pairs of 164 states" in found.texts["caption-network"]
    assert "dyads/military/decades: separated." in found.texts["pairs"]


def test_the_multilevel_probit_is_shown_where_published(undrawn: None, reading: Reading, parsed: Page) -> None:
    assert "multilevel" not in parsed.texts["rests-on"]
    sizes = {"n": 7962, "events": 667, "chains": 4, "warm_up": 500, "draws": 1000, "divergences": 0, "problem": None}
    effect = {"quantity": "average effect", "term": "infant_mortality_rose", "mean": 0.0135, "conf_low": -0.001}
    effect |= {"conf_high": 0.029, "probability_positive": 0.97, "probability_of_interest": 0.66, "r_hat": 1.001}
    within = effect | {"mean": 0.005, "conf_low": -0.009, "conf_high": 0.02, "probability_of_interest": 0.25}
    frame = pd.DataFrame([sizes | effect | {"model": "crossed"}, sizes | within | {"model": "crossed/state_means"}])
    count = {"check": "states that never form", "detail": "all", "observed": 28.0, "posterior_median": 29.0}
    checks = pd.DataFrame([count | {"model": "crossed", "posterior_low": 21.0, "posterior_high": 37.0}])
    frames = reading.frames | {"multilevel": frame, "multilevel_checks": checks}
    found = Page(render(replace(reading, frames=frames)))
    assert "more than 1 percentage point is 66%" in found.texts["rests-on"]
    assert "only years of the same state are compared, it is 25% (0.50 points" in found.texts["rests-on"]
    cells = found.cells["table-multilevel"]
    assert ["Average effect of a rise, points", "1.35", "−0.10 to 2.90", "0.970", "0.660", "1.001"] in cells
    assert ["States that never form, data 28", "29", "21 to 37", "", "", ""] in cells
    frames["multilevel"] = frame.assign(problem="not converged: largest R-hat 1.200")
    unsound = Page(render(replace(reading, frames=frames)))
    assert "more than 1 percentage point" not in unsound.texts["rests-on"]
    assert "crossed: not converged: largest R-hat 1.200." in unsound.texts["rests-on"]


def test_the_inference_is_in_its_tables(undrawn: None, reading: Reading) -> None:
    found = Page(render(with_inference(reading)))
    assert "warehouse run --with inference adds it" not in found.texts["robust"]
    decade = next(row for row in found.cells["table-robustness"] if row[0].startswith("decade effects"))
    assert decade == ["decade effects: one per decade", "0.0960", "0.166", "0.0960", "0.166", "100"]
    assert ["sample: 1816-1944", "—", "—", "—", "—", "—"] in found.cells["table-robustness"]
    assert "Sample: separated." in found.texts["table-robustness"]
    assert "Not predicted: forward in time (1900s: no events)." in found.texts["table-validation"]
    assert not any("cow_code" in row[0] for row in found.cells["table-robustness"])
    assert ["1816-2000", "fixed", "1.20", "1.00", "0.50", "0.00", "2"] in found.cells["table-multiverse"]
    assert "Without one state at a time (3 fits)" in found.texts["table-robustness"]
    assert "The z of the rise is 2.02; under permutation its mean is 2.09" in found.texts["table-robustness"]
    assert (
        "Without one year at a time (2 fits): from 0.1100 (p 0.050, without 1938) to 0.1500 (p 0.050, without 1939)"
        in found.texts["table-evidence"]
    )
    forward = found.cells["table-validation"].index(["Forward in time"])
    assert found.cells["table-validation"][forward + 1][1:] == [
        *("0.750", "0.740", "—", "0.0100", "−0.0100 to 0.0200", "100")
    ]
    assert "2 specifications" in found.texts["caption-specification_tests"]
    assert (
        "In 2 of 3 alternative fits of the headline model, the p value of the rise of mortality is 0.05 or more"
        in found.texts["limits"]
    )
    assert "by lead: 1 years < 0.001" in found.texts["limits"]


def test_the_evidence_is_that_published(published: Path, parsed: Page) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = connection.execute(
            "select detail, estimate, n from results.evidence where \"check\" = 'measure of mortality'"
        ).fetchall()
        bins = connection.execute("select bin, n from results.dose_response where n > 0").fetchall()
    cells = {row[0]: row for row in parsed.cells["table-evidence"]}
    for detail, estimate, n in rows:
        shown = next(row for label, row in cells.items() if label.startswith(detail))
        assert shown[-1] == f"{n:,}"
        if detail == "rise":
            assert float(shown[1].replace("−", "-")) == pytest.approx(estimate, abs=5e-5)
    alt = next(image["alt"] for image in parsed.all("img") if "size of the change" in image["alt"])
    assert all(name in alt for name, _ in bins)


def test_checks_that_did_not_pass_are_named(undrawn: None, reading: Reading) -> None:
    warned = [{**reading.checks[0], "check_name": "rates_fall", "status": "warn"}, *reading.checks[1:]]
    found = Page(render(replace(reading, checks=warned)))
    assert "not passed: rates_fall (warn)" in found.texts["asked"]
    assert f"{len(warned) - 1} of {len(warned)} passed" in found.texts["asked"]


def test_every_source_is_cited_with_its_licence(parsed: Page, reading: Reading) -> None:
    for source in reading.sources:
        for key in ("title", "citation", "licence"):
            assert source[key] in parsed.texts["sources"]
        assert source["sha256"][:12] in parsed.texts["sources"]


def test_limits_are_counted_from_the_panel(real_warehouse: Shell) -> None:
    sentences = dict(limits.limits(read(PublicationFile(real_warehouse.published))))
    assert "no state in 1914–1918, 1940–1945" in sentences["Years without W/S"]
    assert "no row in 1915–1919, 1941–1946" in sentences["Years without W/S"]
    above = real_warehouse.sql("select count(*) from marts.country_years where w_over_s > 1")
    assert f"{int(above):,} of" in sentences["Range of W/S"]
    left_out = real_warehouse.sql(f"select n_dropped_missing from results.models where model = '{HEADLINE_MODEL}'")
    assert f", {int(left_out):,} (" in sentences["Missing state-years"]


def test_a_table_without_its_n_is_refused_by_name(reading: Reading) -> None:
    with pytest.raises(WarehouseError, match="table prices"):
        PageTable("prices", "Prices", "n unknown", ["What"], [])
    models = reading.frames["models"]
    without = reading.frames | {"models": models.assign(n=models["n"].where(models["model"] != HEADLINE_MODEL))}
    with pytest.raises(WarehouseError, match=r"kimball_2010"):
        list(presentation.regression_tables(without))
    with pytest.raises(WarehouseError, match=r"table headline"):
        list(page_tables(replace(reading, frames=without)))
    with pytest.raises(WarehouseError, match="figure predicted_probabilities"):
        list(presentation.drawings(without, is_synthetic=True))


def test_a_figure_without_alternative_text_is_refused(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path, sources=SAMPLE)
    settings.warehouse_path.symlink_to(published)
    before = tmp_path / "publication" / "figures" / "old.png"
    before.parent.mkdir(parents=True)
    before.write_bytes(b"old")
    without_text = Drawing(matplotlib.figure.Figure(figsize=(1, 1)), " ", "Rise", "n = 3", "")
    with pytest.raises(WarehouseError, match="no n"):
        presentation.check_text("rise", without_text._replace(alt="Rises", sample="some state-years"))
    monkeypatch.setattr(figures, "predicted_probabilities", lambda *frames: without_text)
    with pytest.raises(WarehouseError, match="figure predicted_probabilities") as refused:
        presentation.write_presentation(settings)
    assert "no alt" in str(refused.value)
    assert before.read_bytes() == b"old"
    with pytest.raises(WarehouseError, match="figure predicted_probabilities"):
        write_report(PublicationFile(published), tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_without_a_publication_the_error_is_clear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_DATA_DIR", str(tmp_path))
    result = CliRunner().invoke(main, ["report"])
    assert result.exit_code == 1
    assert "Nothing is published yet" in result.output
    assert "warehouse run" in result.output
    assert not list(tmp_path.rglob("*.html"))
