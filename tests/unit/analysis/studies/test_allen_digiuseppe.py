"""The twelve refitted models agree with the article and with statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.core.tables import COLUMN_DOCS
from analysis.studies.allen_digiuseppe import ALLEN_DIGIUSEPPE_2013, CONTROLS, DEBT, REFERENCE, WARS, replicate

# n, events, log likelihood; debt: coefficient, robust error; IMR likewise: as published
PRINTED = {
    "2.1": (5055, 388, -1190.668, (0.212333, 0.075553), (0.000336, 0.000475)),
    "4.1": (3772, 221, -725.806, (0.001175, 0.000442), None),
    "5.1": (2550, 179, -575.566, (-0.006654, 0.002207), None),
}


@pytest.fixture(scope="module")
def published_file(mirror):
    path = mirror / "imr_abouharb_kimball" / "Allen_DiGi_Rep.dta"
    if not path.exists():
        pytest.skip("the mirror lacks Allen_DiGi_Rep.dta")
    return pd.read_stata(path, convert_categoricals=False)


@pytest.fixture(scope="module")
def replicated(published_file):
    """From the file as the raw tables store it: all values as text."""
    return replicate(published_file.astype(object).where(published_file.notna(), None).map(as_text), False)


@pytest.fixture(scope="module")
def replications(replicated):
    return replicated["replications"]


def as_text(value):
    return None if value is None else str(value)


def independent(data, number):
    """The do-file's model by pandas and statsmodels alone, on columns scaled so that statsmodels keeps its digits."""
    table, column = number.split(".")
    debt = list(DEBT.values())[int(column) - 1] if table == "6" else DEBT[table]
    names = [debt, *CONTROLS, *(WARS if table == "6" else ())]
    if table != "6" and column != "1":
        data = data[(data["majpow"].astype(float) == 1) == (column == "2")]
    data = data[[*names, "formationB2NNA"]].astype(float).dropna()
    names = [name for name in names if data[name].nunique() > 1]
    matrix = sm.add_constant(data[names], prepend=False)
    size = matrix.abs().max()
    theirs = sm.Probit(data["formationB2NNA"], matrix / size).fit(
        disp=0, tol=1e-12, maxiter=500, cov_type="HC0", warn_convergence=False
    )
    return len(data), theirs, theirs.params / size, theirs.bse / size * np.sqrt(len(data) / (len(data) - 1))


@pytest.mark.parametrize("number", list(REFERENCE))
def test_each_model_equals_an_independent_implementation(published_file, replications, number):
    n, theirs, estimates, errors = independent(published_file, number)
    ours = replications[replications.model == f"allen_digiuseppe_2013/{number}"].set_index("term")
    assert list(ours.index[:-1]) == list(estimates.index[:-1])
    assert ours.index[-1] == "constant"
    assert (ours.n == n).all()
    assert ours.problem.isna().all()
    np.testing.assert_allclose(ours.log_likelihood, theirs.llf, rtol=1e-9)
    np.testing.assert_allclose(ours.estimate, estimates, rtol=1e-6)
    np.testing.assert_allclose(ours.std_error, errors, rtol=1e-6)
    compared = ours[ours.reference_estimate.notna()]
    assert len(compared) == 2
    np.testing.assert_allclose(compared.estimate, compared.reference_estimate, rtol=1e-8)
    np.testing.assert_allclose(compared.std_error, compared.reference_std_error, rtol=1e-8)
    assert compared.difference.abs().max() < 1e-9


@pytest.mark.parametrize("number", list(PRINTED))
def test_published_values_are_reproduced(replications, number):
    n, events, log_likelihood, debt, mortality = PRINTED[number]
    ours = replications[replications.model == f"allen_digiuseppe_2013/{number}"].set_index("term")
    assert (ours.n.iloc[0], ours.events.iloc[0]) == (n, events)
    assert ours.log_likelihood.iloc[0] == pytest.approx(log_likelihood, abs=5e-4)
    for term, printed in ((ours.index[0], debt), ("IMR", mortality)):
        if printed:
            assert tuple(ours.loc[term, ["estimate", "std_error"]].round(6)) == printed


def test_the_own_estimator_agrees_on_all_twelve_models(replicated):
    agreement = replicated["estimator_agreement"]
    assert len(agreement) == 12
    assert agreement["agrees"].all()


def test_the_world_wars_are_outside_the_ratings_years(replications):
    dropped = replications.groupby("model")["terms_dropped"].first().dropna()
    assert list(dropped.index) == ["allen_digiuseppe_2013/6.3"]
    assert dropped.iloc[0] == "wwi: constant in the sample (0); wwii: constant in the sample (0)"


def test_columns_are_the_documented_ones_and_a_synthetic_file_is_compared_with_nothing():
    """A file without events gives twelve rows with that problem."""
    names = {term.name for model in ALLEN_DIGIUSEPPE_2013 for term in model.terms}
    empty = pd.DataFrame(dict.fromkeys(sorted(names), "1"), index=range(3)).assign(
        ccode="2", year=["1900", "1901", "1902"], majpow=["1", "0", None], formationB2NNA="0"
    )
    tables = replicate(empty, is_synthetic=True)
    assert tables["estimator_agreement"].empty
    result = tables["replications"]
    assert list(result.columns) == list(COLUMN_DOCS["replications"])
    assert len(result) == 12
    assert result.problem.str.startswith("no events").all()
    assert result.reference_log_likelihood.isna().all()
    assert result.is_synthetic.all()
