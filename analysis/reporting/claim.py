"""The one sentence on the claim that rising demand for social policy raises alliance formation, from results alone."""

import pandas as pd

from analysis.core.errors import AnalysisError
from analysis.reporting.regression_tables import HEADLINE_COVARIANCE
from analysis.studies.kimball import HEADLINE_MODEL
from analysis.studies.validation import BY_STATE, DIFFERENCE, FORWARD, WITH, WITHOUT

TERM = "infant_mortality_rose"
LEVEL = 0.05
WORDS = {FORWARD: "forward in time", BY_STATE: "for states left out"}
CLAIM = "That rising demand for social policy raises alliance formation"


def claim_sentence(
    models: pd.DataFrame,
    coefficients: pd.DataFrame,
    marginal_effects: pd.DataFrame,
    specification_curve: pd.DataFrame | None = None,
    validation: pd.DataFrame | None = None,
) -> str:
    """Direction, size, uncertainty, share of specifications that agree and out-of-sample value, in one sentence.

    Arguments and errors as those of claim_parts.
    """
    parts = claim_parts(models, coefficients, marginal_effects, specification_curve, validation)
    return "; ".join(text for _, text in parts) + "."


def claim_parts(
    models: pd.DataFrame,
    coefficients: pd.DataFrame,
    marginal_effects: pd.DataFrame,
    specification_curve: pd.DataFrame | None = None,
    validation: pd.DataFrame | None = None,
) -> list[tuple[str, str]]:
    """The clauses of the sentence on the claim, each under what it is about.

    The frames are those of results; the last two are None where they were not run, which the sentence then says. A
    headline model that could not be estimated, or not with the term, gives a sentence that says so. Raises
    AnalysisError where results.models has no headline model at all.
    """
    found = models[models["model"] == HEADLINE_MODEL]
    if found.empty:
        raise AnalysisError(f"results.models has no row for the headline model {HEADLINE_MODEL}")
    model = found.iloc[0]
    mark = "SYNTHETIC sample, which says nothing about the world: " if model["is_synthetic"] else ""
    rows = of_headline(coefficients).set_index("covariance")
    if HEADLINE_COVARIANCE not in rows.index or pd.isna(rows.loc[HEADLINE_COVARIANCE, "p_value"]):
        why = next((model[name] for name in ("problem", "terms_dropped") if pd.notna(model[name])), "no estimate of it")
        return [
            ("Direction", f"{mark}{CLAIM} could not be tested: {HEADLINE_MODEL} gives no estimate for {TERM} ({why})")
        ]
    headline, p_values = rows.loc[HEADLINE_COVARIANCE], rows["p_value"].dropna()
    sample = (
        f"{HEADLINE_MODEL}, {model['family']}, {model['sample']}, n {model['n']:,.0f} state-years,"
        f" {model['events']:,.0f} formations, {model['clusters']:,.0f} states"
    )
    uncertainty = (
        f"p is {probability(headline['p_value'])} clustered by state and from {probability(p_values.min())} to"
        f" {probability(p_values.max())} over {len(p_values)} ways to estimate uncertainty"
    )
    finding = f"{mark}{CLAIM} {verdict(headline['estimate'], p_values)} the headline model ({sample})"
    return [
        ("Direction", f"{finding}: {direction(headline)}"),
        ("Size", size(model, marginal_effects)),
        ("Uncertainty", uncertainty),
        ("Other specifications", agreement(specification_curve)),
        ("Out of sample", out_of_sample(validation)),
    ]


def of_headline(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["model"] == HEADLINE_MODEL) & (frame["term"] == TERM)]


def verdict(estimate: float, p_values: pd.Series) -> str:
    if p_values[HEADLINE_COVARIANCE] >= LEVEL:
        return "is not shown by"
    if estimate < 0:
        return "is contradicted by"
    return "finds support in" if (p_values < LEVEL).all() else "finds only weak support in"


def direction(row: pd.Series) -> str:
    positive, distinct = row["estimate"] > 0, row["p_value"] < LEVEL
    joint = "and" if distinct else "but not" if positive else "and not"
    sign = "positive" if positive else "negative"
    return f"the coefficient of a rise in infant mortality is {sign} {joint} distinguishable from zero"


def size(model: pd.Series, marginal_effects: pd.DataFrame) -> str:
    """The average marginal effect in percentage points, with its own interval, which need not agree with the p of the
    coefficient."""
    rows = of_headline(marginal_effects)
    rows = rows[rows["covariance"] == HEADLINE_COVARIANCE]
    if rows.empty:
        return "the size of the effect was not computed"
    estimate, low, high = (100.0 * rows.iloc[0][name] for name in ("estimate", "conf_low", "conf_high"))
    formed = model["outcome"].removeprefix("forms_").replace("_", " ")
    zero = ", which includes zero" if low <= 0.0 <= high else ""
    return (
        f"in a year in which it rose the probability of a new {formed} is {abs(estimate):.2f} percentage points"
        f" {'higher' if estimate > 0 else 'lower'} on average (95% interval {low:z.2f} to {high:z.2f}{zero})"
    )


def agreement(curve: pd.DataFrame | None) -> str:
    if curve is None:
        return "other specifications were not run"
    fitted = curve[curve["problem"].isna()]
    if fitted.empty:
        return f"none of {len(curve):,} specifications could be fitted"
    significant = fitted["p_value"] < LEVEL
    agree, against = significant & (fitted["estimate"] > 0), significant & (fitted["estimate"] < 0)
    by_measure = ", ".join(f"{share:.0%} by {name}" for name, share in agree.groupby(fitted["measure"]).mean().items())
    failed = f" ({len(curve) - len(fitted):,} more could not be fitted)" if len(fitted) < len(curve) else ""
    return (
        f"of {len(fitted):,} specifications{failed} {agree.mean():.0%} agree (positive, p < {LEVEL}: {by_measure}),"
        f" {against.mean():.0%} find the opposite and {1.0 - significant.mean():.0%} neither"
    )


def out_of_sample(validation: pd.DataFrame | None) -> str:
    if validation is None:
        return "predictions out of sample were not made"
    return "with mortality, " + " and ".join(gain(validation, scheme) for scheme in (FORWARD, BY_STATE))


def gain(validation: pd.DataFrame, scheme: str) -> str:
    """What the mortality terms do to the AUC of one scheme of prediction, which needs the difference's own interval."""
    of_scheme = validation[validation["scheme"] == scheme]
    rows = of_scheme[of_scheme["score"] == "auc"].set_index("terms")
    if not {WITH, WITHOUT, DIFFERENCE} <= set(rows.index):
        return f"predictions {WORDS[scheme]} could not be made"
    low, high = rows.loc[DIFFERENCE, "conf_low"], rows.loc[DIFFERENCE, "conf_high"]
    interval = "no interval" if pd.isna(low) else f"95% interval {low:z.4f} to {high:z.4f}"
    failed = int(of_scheme["problem"].notna().sum())
    part = f", {failed} part{'s' if failed > 1 else ''} not predicted" if failed else ""
    word = "better" if low > 0.0 else "worse" if high < 0.0 else "not distinguishably better or worse"
    return (
        f"predictions {WORDS[scheme]} are {word} than without (AUC {rows.loc[WITH, 'value']:.3f} against"
        f" {rows.loc[WITHOUT, 'value']:.3f}, difference {rows.loc[DIFFERENCE, 'value']:z.4f},"
        f" {interval}{part})"
    )


def probability(p_value: float) -> str:
    return "below 0.001" if p_value < 0.001 else f"{p_value:.3f}"
