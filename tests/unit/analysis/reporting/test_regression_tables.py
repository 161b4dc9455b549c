"""Tables show the numbers of the results in every format, and never without n."""

import csv
import io
import re
from html.parser import HTMLParser

import pytest

from analysis.core.errors import AnalysisError
from analysis.reporting.regression_tables import regression_table, stars, table_groups, term_label
from analysis.studies.estimation import estimate
from analysis.studies.kimball import kimball_models

ROSE = "infant_mortality_rose"


@pytest.fixture(scope="module")
def results(panel):
    return estimate(panel, kimball_models()[:4], mart_fingerprint="0123456789abcdef")


@pytest.fixture
def table(results):
    return regression_table(results["models"], results["coefficients"], list(results["models"]["model"]))


class Cells(HTMLParser):
    """The rows of the one table of a page, and whether every tag that opens also closes."""

    def __init__(self, page: str):
        super().__init__()
        self.rows, self.open, self.caption = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("th", "td"):
            self.rows[-1][-1] += data
        if self.open and self.open[-1] == "caption":
            self.caption += data


def figures(results, model, term, covariance="cluster_state"):
    rows = results["coefficients"]
    return rows[(rows["model"] == model) & (rows["term"] == term) & (rows["covariance"] == covariance)].iloc[0]


def test_estimates_errors_and_sizes_are_those_of_the_results(results, table):
    rows = list(csv.reader(io.StringIO(table.to_csv())))
    header = rows[0]
    position = next(number for number, row in enumerate(rows) if row[0] == term_label(ROSE))
    by_label = {row[0]: row for row in rows}
    for model in results["models"].itertuples():
        column = header.index(model.model.split("/")[1])
        assert int(by_label["State-years (n)"][column]) == model.n
        assert int(by_label["Formations (events)"][column]) == model.events
        assert int(by_label["States"][column]) == model.clusters
        assert float(by_label["Log-likelihood"][column]) == pytest.approx(model.log_likelihood, abs=0.005)
        assert float(by_label["Pseudo-R² (McFadden)"][column]) == pytest.approx(model.pseudo_r2, abs=0.0005)
        if "_m2" in model.model:
            row = figures(results, model.model, ROSE)
            assert float(rows[position][column].rstrip("*")) == pytest.approx(row["estimate"], abs=0.0005)
            assert rows[position][column].count("*") == len(stars(row["p_value"])) > 0
            assert float(rows[position + 1][column]) == pytest.approx(row["std_error"], abs=0.0005)
        else:
            assert rows[position][column] == rows[position + 1][column] == ""


def test_every_format_has_the_same_cells(table):
    page = Cells(table.to_html())
    assert page.open == []
    assert page.caption == table.caption
    assert len(page.rows) == 1 + len(table.cells)
    markdown = [line for line in table.to_markdown().splitlines() if line.startswith("|")]
    latex = [line for line in table.to_latex("tab:x").splitlines() if line.endswith(r"\\")]
    assert len(markdown) == 2 + len(table.cells)
    assert len(latex) == 1 + len(table.cells)
    for number, row in enumerate(table.cells.itertuples(index=False)):
        expected = list(row)
        assert [cell.replace("−", "-") for cell in page.rows[number + 1][1:]] == expected
        cells = [cell.strip().replace("\\", "") for cell in re.split(r"(?<!\\)\|", markdown[number + 2])[2:-1]]
        assert cells == expected
        cells = [cell.strip().rstrip("\\").strip() for cell in latex[number + 1].split(" & ")[1:]]
        plain = [re.sub(r"\\textsuperscript\{(\*+)\}", r"\1", cell.replace("$-$", "-")) for cell in cells]
        assert plain == expected


def test_latex_is_balanced_and_escaped(table):
    text = table.to_latex("tab:x")
    stack = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert not re.search(r"(?<!\\)[_%#^]", text)
    assert r"forms\_military\_alliance" in text
    assert text.replace("$-$", "").count("$") == 0
    assert [text.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 2, 1]
    lines = text.splitlines()
    assert lines[lines.index(r"\midrule", lines.index(r"\midrule") + 1) + 1].startswith("State-years (n)")


def test_special_characters_of_a_note_survive_in_every_format(results):
    models = results["models"].copy()
    models["problem"] = r"50% of A&B_C in {x} <b> is \bad #1 ~ ^ $ | *"
    table = regression_table(models, results["coefficients"], list(models["model"])[:1])
    assert r"50\% of A\&B\_C in \{x\} \textless{}b\textgreater{} is \textbackslash{}bad \#1" in table.to_latex("x")
    assert "A&amp;B_C in {x} &lt;b&gt;" in table.to_html()
    assert r"A&B\_C in {x} \<b\> is \\bad #1 ~ ^ $ \| \*" in table.to_markdown()


def test_the_note_names_covariance_rule_drops_and_stars(results):
    models = results["models"].copy()
    models.loc[1, "terms_dropped"] = "cinc: constant"
    note = regression_table(models, results["coefficients"], list(models["model"])).note
    assert "clustered by state, times G/(G-1)" in note
    assert "any obligation but pure non-aggression" in note
    assert "t1_m1b: cinc: constant" in note
    assert "* p < 0.05" in note
    assert "0123456789ab" in note
    assert "SYNTHETIC" not in note


def test_a_table_of_synthetic_data_is_marked_in_every_format(results):
    models = results["models"].assign(is_synthetic=True)
    table = regression_table(models, results["coefficients"], list(models["model"]))
    for text in (table.to_latex("x"), table.to_html(), table.to_markdown(), table.to_csv()):
        assert text.count("SYNTHETIC") >= 2  # caption and note


def test_bootstrap_rows_show_intervals_in_place_of_standard_errors(results):
    name = results["models"]["model"][2]
    table = regression_table(results["models"], results["coefficients"], [name], "score_bootstrap")
    row = figures(results, name, ROSE, "score_bootstrap")
    position = list(table.cells.index).index(term_label(ROSE))
    low, high = (float(end) for end in table.cells.iloc[position + 1, 0].strip("[]").split("; "))
    assert (low, high) == pytest.approx((row["conf_low"], row["conf_high"]), abs=0.0005)
    assert "95% interval" in table.to_csv()
    assert "score cluster bootstrap" in table.note


def test_a_table_without_its_n_is_refused(results):
    models = results["models"].copy()
    models.loc[0, "n"] = None
    with pytest.raises(AnalysisError, match=r"without its n.*t1_m1a"):
        regression_table(models, results["coefficients"], list(models["model"]))


def test_a_failed_model_has_no_column_and_its_reason_is_in_the_note(results):
    models = results["models"].copy()
    models.loc[0, ["n", "converged", "problem"]] = [None, False, "no column cinc in the panel"]
    table = regression_table(models, results["coefficients"], list(models["model"]))
    assert list(table.cells.columns) == ["t1_m1b", "t1_m2a", "t1_m2b"]
    assert "Not estimated: t1_m1a (no column cinc in the panel)" in table.note
    with pytest.raises(AnalysisError, match="none of"):
        regression_table(models, results["coefficients"], ["kimball_2010/t1_m1a"])


def test_unknown_names_raise_errors_that_list_the_available_ones(results):
    models, coefficients = results["models"], results["coefficients"]
    with pytest.raises(AnalysisError, match=r"no model 't9'.*kimball_2010/t1_m1a"):
        regression_table(models, coefficients, ["t9"])
    with pytest.raises(AnalysisError, match=r"unknown covariance 'hc9'.*cluster_state"):
        regression_table(models, coefficients, list(models["model"]), "hc9")
    with pytest.raises(AnalysisError, match="no coefficients under cluster_state for kimball_2010/t1_m1a"):
        regression_table(models, coefficients[coefficients["model"] != "kimball_2010/t1_m1a"], list(models["model"]))


def test_groups_are_the_tables_of_the_article_by_rule_and_variant(results):
    models = results["models"].copy()
    models.loc[3, "model"] = "kimball_2010/t2_m2b"
    models.loc[3, "converged"] = False
    assert table_groups(models) == {"kimball_2010_t1_military": list(models["model"][:3])}
    models.loc[2, "model"] = "kimball_2010/t1_m2a/as_published"
    assert list(table_groups(models)) == ["kimball_2010_t1_military", "kimball_2010_t1_military_as_published"]


@pytest.mark.parametrize(
    ("term", "label"),
    [
        ("dispute_rivals_lag_1", "Dispute rivals (1 year before)"),
        ("w_over_s_lag_2", "W/S (2 years before)"),
        ("years_since_any_formation_spline_3", "Years since any formation, spline 3"),
    ],
)
def test_term_labels(term, label):
    assert term_label(term) == label
