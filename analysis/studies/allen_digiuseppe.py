"""The twelve probits of Allen & DiGiuseppe (2013), refitted on the authors' replication file.

References
----------
Allen & DiGiuseppe (2013), International Studies Quarterly 57(4): 647-659.
"""

from typing import Any

import numpy as np
import pandas as pd

from analysis.core import tables
from analysis.core.errors import ModelError
from analysis.core.panel import prepare
from analysis.core.specification import Model, Sample, Term
from analysis.design.matrix import build
from analysis.inference.fitting import fit_checked
from analysis.inference.reference_fit import agreement_row, disagreement_row, fit_reference

PUBLICATION = "allen_digiuseppe_2013"
OUTCOME = "formationB2NNA"
CONTROLS = ("IMR", "cinc", "sumrival1", "wovers_1", "atwar5", "ayr", "ayr2", "ayr3")
WARS = ("wwi", "wwii", "coldwar")
DEBT = {"2": "extdebtcrisis_1", "4": "cntgovtdbtgdp1", "5": "rating_1"}  # by number of the table in print
SAMPLES = (
    Sample("all states"),
    Sample("major powers", where="majpow", equals=1.0),
    Sample("not major powers, or not known", where="majpow", equals=1.0, negate=True),
)


def _model(number: str, debt: str, others: tuple[str, ...], sample: Sample) -> Model:
    terms = tuple(Term(column) for column in (debt, *CONTROLS, *others))
    return Model(f"{PUBLICATION}/{number}", OUTCOME, terms, sample)


# Tables 2, 4 and 5: one measure of debt each, in three samples. Table 6: each measure in turn, with the wars.
ALLEN_DIGIUSEPPE_2013 = tuple(
    _model(f"{table}.{number}", debt, (), sample)
    for table, debt in DEBT.items()
    for number, sample in enumerate(SAMPLES, start=1)
) + tuple(_model(f"6.{number}", debt, WARS, SAMPLES[0]) for number, debt in enumerate(DEBT.values(), start=1))

# Reference values by statsmodels 0.15 on the same data (the tests recompute them): n, events, log likelihood, then
# coefficient and robust standard error of the debt measure and of IMR. Those of 2.1, 4.1 and 5.1 equal the article's.
REFERENCE = {
    "2.1": (5055, 388, -1190.667604437, (0.212332558696, 0.0755532470885), (0.000335795056596, 0.000474561302339)),
    "2.2": (861, 179, -422.618079540, (0.568548800998, 0.163383619485), (-0.000316486450018, 0.000821002994989)),
    "2.3": (4194, 209, -752.253756454, (0.209267973773, 0.0902109783254), (-0.000530326467255, 0.000675782643147)),
    "4.1": (3772, 221, -725.806129979, (0.00117528456421, 0.000441922911458), (-0.000181552747951, 0.000712309435723)),
    "4.2": (502, 99, -236.016591705, (0.00300567926921, 0.0014314314535), (-0.00196068515793, 0.00163530886873)),
    "4.3": (3270, 122, -478.458331682, (0.000970228507482, 0.000488887783841), (-0.000664294388694, 0.000944086937916)),
    "5.1": (2550, 179, -575.565602321, (-0.00665442168275, 0.00220728961553), (-0.00238399799946, 0.00138436217572)),
    "5.2": (133, 18, -30.525680277, (-0.162633443623, 0.0412871490048), (0.25463384236, 0.0862300836428)),
    "5.3": (2417, 161, -530.120406731, (-0.00591700572595, 0.00238824244168), (-0.00204796105903, 0.00140385543026)),
    "6.1": (5055, 388, -1183.903878661, (0.220906821315, 0.075849660694), (-0.0002157907972, 0.000518082164563)),
    "6.2": (3772, 221, -720.826219717, (0.000995762327495, 0.000453044746353), (-0.000652570415033, 0.00078007993232)),
    "6.3": (2550, 179, -563.566518502, (-0.00530035143599, 0.00229241511735), (-0.00149554792979, 0.00143323825699)),
}
IN_PRINT = ("2.1", "4.1", "5.1")
Rows = list[dict[str, Any]]


def replicate(panel_2013: pd.DataFrame, is_synthetic: bool = False) -> dict[str, pd.DataFrame]:
    """Refit the twelve published models by statsmodels and compare them with reference values.

    Parameters
    ----------
    panel_2013 : DataFrame
        The replication file with its published column names, one row per ``ccode`` and ``year`` in any order; columns
        may hold numbers as text. ``cinc`` keeps the file's code -9, as in the published models.
    is_synthetic : bool, default False
        Whether the file is synthetic; its models are not compared with reference values.

    Returns
    -------
    dict of str to DataFrame
        ``replications``, one row per model and term; a model that cannot be fitted has one row, whose ``problem`` gives
        the reason. ``estimator_agreement``, one row per fitted model. Columns as in ``tables.COLUMN_DOCS``.

    Raises
    ------
    AnalysisError
        If the file has no valid key.
    """
    panel = prepare(panel_2013.rename(columns={"ccode": "cow_code"}))
    rows: Rows = []
    agreement: Rows = []
    for model in ALLEN_DIGIUSEPPE_2013:
        replicated, compared = _replicated_rows(panel, model, not is_synthetic)
        rows += replicated
        agreement += compared
    return {
        "replications": tables.frame("replications", rows, is_synthetic),
        "estimator_agreement": tables.frame("estimator_agreement", agreement, is_synthetic),
    }


def _replicated_rows(panel: pd.DataFrame, model: Model, compare: bool) -> tuple[Rows, Rows]:
    """Rows of one model in both tables; with `compare`, the debt measure and IMR have reference values."""
    summary: dict[str, Any] = dict.fromkeys(tables.COLUMN_DOCS["replications"])
    summary |= {"model": model.name, "sample": model.sample.name, "outcome": model.outcome}
    try:
        design = build(panel, model)
        summary |= {
            "n": len(design.outcome),
            "events": int(design.outcome.sum()),
            "terms_dropped": "; ".join(design.dropped) or None,
        }
        fitted, warnings = fit_checked(design, model)
    except ModelError as error:
        return [summary | {"problem": str(error)}], []
    try:
        published = fit_reference(design, model)
    except ModelError as error:
        return [summary | {"problem": str(error)}], [disagreement_row(model, str(error))]
    summary |= {"log_likelihood": published.log_likelihood, "problem": "; ".join(warnings) or None}
    number = model.name.rpartition("/")[2]
    references: dict[str, tuple[float, float]] = {}
    if compare:
        _, _, log_likelihood, debt, mortality = REFERENCE[number]
        references = {model.terms[0].name: debt, "IMR": mortality}
        source = "in print, and statsmodels 0.15" if number in IN_PRINT else "statsmodels 0.15"
        summary |= {"reference_log_likelihood": log_likelihood, "reference_source": source}
    errors = np.sqrt(np.diag(published.robust))
    rows = []
    for position, term in enumerate(design.terms):
        row: dict[str, Any] = {"term": term, "term_order": position + 1}
        row |= {"estimate": float(published.coefficients[position]), "std_error": float(errors[position])}
        if term in references:
            estimate, std_error = references[term]
            row |= {"reference_estimate": estimate, "reference_std_error": std_error}
            row["difference"] = row["estimate"] - estimate
        rows.append(summary | row)
    return rows, [agreement_row(model, design, fitted, published)]
