"""The verdict on the claim in words, from the results tables alone: one sentence, its details, and an abstract."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.core.conventions import HEADLINE_COVARIANCE, SIGNIFICANCE_LEVEL
from analysis.core.errors import AnalysisError
from analysis.studies import verdict as rule
from analysis.studies.evidence import lags_and_leads, power, within_between
from analysis.studies.evidence.rows import JOINT_TEST
from analysis.studies.kimball import HEADLINE_MODEL, ROSE
from analysis.studies.multiverse.statistics import PRIMARY
from analysis.studies.specification_curve import OBSERVED
from analysis.studies.validation import BY_STATE, DIFFERENCE, FORWARD
from analysis.studies.verdict import Evidence, Finding, Interval, judge

Frames = Mapping[str, pd.DataFrame]
CLAIM = "That rising demand for social policy raises alliance formation"
SYNTHETIC = "SYNTHETIC sample, which says nothing about the world: "
WORDS = {
    rule.WITHIN: "between years of the same state",
    rule.PLACEBO: "in the placebo of rises after the formation",
    rule.DEPENDENCE: "if the states of one year may depend on each other",
    rule.CALENDAR: "between states in the same year",
    rule.MULTIVERSE: "over the multiverse of specifications",
    rule.OUT_OF_SAMPLE: "in predictions out of sample",
}
IN_ADDITION = "warehouse run --with inference"


def read_evidence(frames: Frames) -> Evidence | None:
    """Collect what the verdict rests on.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        The results tables by name; those of the inference may be missing.

    Returns
    -------
    Evidence or None
        None if the headline model has no estimate for the rise of infant mortality.

    Raises
    ------
    AnalysisError
        If ``models`` has no row for the headline model.
    """
    _headline(frames)
    by_covariance = _of_rise(frames["coefficients"]).set_index("covariance")
    if HEADLINE_COVARIANCE not in by_covariance.index or pd.isna(by_covariance["p_value"][HEADLINE_COVARIANCE]):
        return None
    row: dict[Any, Any] = by_covariance.loc[HEADLINE_COVARIANCE].to_dict()
    evidence, of_rise = frames["evidence"], _of_rise(frames["marginal_effects"])
    effects = of_rise.loc[of_rise["covariance"] == HEADLINE_COVARIANCE, "estimate"]
    both_ways = by_covariance.loc[by_covariance.index == "cluster_state_year"]
    leads = evidence[(evidence["check"] == lags_and_leads.WITHIN) & (evidence["quantity"] == JOINT_TEST)]
    equivalence = evidence[evidence["check"] == power.CHECK]
    tests = frames.get("specification_tests")
    return Evidence(
        coefficient=Interval(float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])),
        effect=_first(effects),
        equivalence=_first(equivalence.loc[equivalence["detail"].str.startswith("equivalence"), "p_value"]),
        within=_finding(_check(evidence, within_between.WITHIN, within_between.MORTALITY_MEANS)),
        placebo=_first(leads.loc[leads["detail"].str.startswith("all leads"), "p_value"]),
        dependence=_finding(both_ways),
        calendar=_finding(_check(evidence, within_between.CALENDAR, within_between.YEARS)),
        multiverse=None
        if tests is None
        else _first(tests.loc[tests["statistic"].eq(PRIMARY) & tests["curve"].eq(OBSERVED), "p_value"]),
        out_of_sample=_gains(frames.get("validation")),
    )


def verdict_sentence(frames: Frames) -> str:
    """The verdict in one sentence, in words that need no statistics but the interval and the p-value.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        As in `read_evidence`.

    Returns
    -------
    str
        Category, size of the effect with its interval, and the checks that hold, that fail and that were not run.

    Raises
    ------
    AnalysisError
        As in `read_evidence`.
    """
    model, evidence = _headline(frames), read_evidence(frames)
    mark = SYNTHETIC if model["is_synthetic"] else ""
    if evidence is None:
        why = next((model[name] for name in ("problem", "terms_dropped") if pd.notna(model[name])), "no estimate of it")
        return f"{mark}{CLAIM} could not be tested: {HEADLINE_MODEL} gives no estimate for {ROSE} ({why})."
    verdict = judge(evidence)
    joined = {
        outcome: _listed([_named(evidence, name) for name in verdict.checks(outcome)], word)
        for outcome, word in ((rule.HOLDS, "and"), (rule.FAILS, "or"))
    }
    clauses = [f"{mark}{CLAIM} is {verdict.category}: {_size(str(model['outcome']), evidence)}"]
    if joined[rule.FAILS]:
        clauses.append(f"it does not hold {joined[rule.FAILS]}")
    if joined[rule.HOLDS]:
        clauses.append(f"it holds {joined[rule.HOLDS]}")
    if missing := verdict.checks(rule.NOT_RUN):
        clauses.append(f"not run: {_listed([WORDS[name].partition(' ')[2] for name in missing], 'and')}")
    return "; ".join(clauses) + "."


def abstract(frames: Frames) -> list[tuple[str, str]]:
    """The abstract of the report, for a reader who knows no probit.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        As in `read_evidence`.

    Returns
    -------
    list of (str, str)
        Heading and sentences: question, data, answer (`verdict_sentence`), strongest and weakest evidence, and what
        was not run.

    Raises
    ------
    AnalysisError
        As in `read_evidence`.
    """
    model, evidence = _headline(frames), read_evidence(frames)
    parts = [
        (
            "Question",
            "Kimball (2010) argues that states ally so that they can spend on social policy instead of arms. If so, a"
            " state whose demand for social policy rises should be more likely to form an alliance. A rise of infant"
            " mortality from one year to the next is taken as rising demand.",
        ),
        ("Data", _data(model)),
        ("Answer", verdict_sentence(frames)),
    ]
    if evidence is None:
        return parts
    verdict = judge(evidence)
    strength = _strength(evidence)
    holding, failing = verdict.checks(rule.HOLDS), verdict.checks(rule.FAILS)
    if holding:
        strongest = min(holding, key=lambda name: strength[name])
        parts.append(("Strongest evidence", f"{PLAIN[strongest][0]} ({figure_of(evidence, strongest)})."))
    if failing:
        decisive = [name for name in failing if name in rule.DECISIVE]
        weakest = max(decisive or failing, key=lambda name: strength[name])
        parts.append(("Weakest evidence", f"{PLAIN[weakest][1]} ({figure_of(evidence, weakest)})."))
    if missing := verdict.checks(rule.NOT_RUN):
        named = _listed([WORDS[name].partition(" ")[2] for name in missing], "and")
        parts.append(("Not run", f"{named[0].upper()}{named[1:]}; {IN_ADDITION} adds what takes minutes."))
    return parts


PLAIN = {
    rule.WITHIN: (
        "When a state is compared with itself in other years, it forms more alliances in years in which its infant"
        " mortality rises",
        "When a state is compared with itself in other years, years in which its infant mortality rises have not"
        " clearly more alliances than the others: the finding comes from differences between states, which may have"
        " other causes",
    ),
    rule.PLACEBO: (
        "Rises of infant mortality after an alliance, which cannot have caused it, are not related to it",
        "Rises of infant mortality after an alliance, which cannot have caused it, are related to it as well: the rise"
        " represents something else",
    ),
    rule.DEPENDENCE: (
        "The finding remains if the states of one year may depend on each other",
        "Many states form alliances in the same few years; once this is allowed for, chance explains the finding",
    ),
    rule.CALENDAR: (
        "When states are compared in the same calendar year, those whose infant mortality rises form more alliances",
        "When states are compared in the same calendar year, those whose infant mortality rises have not clearly more"
        " alliances",
    ),
    rule.MULTIVERSE: (
        "The finding remains in the middle of many other reasonable ways to measure and to model",
        "In the middle of many other reasonable ways to measure and to model there is no clear effect",
    ),
    rule.OUT_OF_SAMPLE: (
        "Knowing infant mortality improves predictions of alliances in years and states that were not used",
        "Knowing infant mortality does not improve predictions of alliances in years and states that were not used",
    ),
}


def _headline(frames: Frames) -> "pd.Series[Any]":
    models = frames["models"]
    found = models[models["model"] == HEADLINE_MODEL]
    if found.empty:
        raise AnalysisError(f"results.models has no row for the headline model {HEADLINE_MODEL}")
    return found.iloc[0]


def _of_rise(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["model"] == HEADLINE_MODEL) & (frame["term"] == ROSE)]


def _check(evidence: pd.DataFrame, check: str, detail: str) -> pd.DataFrame:
    return evidence[evidence["check"].eq(check) & evidence["detail"].eq(detail) & evidence["term"].eq(ROSE)]


def _first(values: "pd.Series[float]") -> float | None:
    known = values.dropna()
    return float(known.iloc[0]) if len(known) else None


def _finding(rows: pd.DataFrame) -> Finding | None:
    known = rows[rows["p_value"].notna()]
    return Finding(float(known["estimate"].iloc[0]), float(known["p_value"].iloc[0])) if len(known) else None


def _gains(validation: pd.DataFrame | None) -> tuple[Interval, ...]:
    """Gain in AUC of both schemes; empty if one of them is missing."""
    if validation is None:
        return ()
    rows = validation[validation["score"].eq("auc") & validation["terms"].eq(DIFFERENCE)].set_index("scheme")
    if not {FORWARD, BY_STATE} <= set(rows.index):
        return ()
    columns = rows.loc[[FORWARD, BY_STATE], ["value", "conf_low", "conf_high"]]
    return tuple(Interval(*map(float, row)) for row in columns.itertuples(index=False))


def _strength(evidence: Evidence) -> dict[str, float]:
    """A p-value by check, small where the check speaks for the claim; a placebo is never the strongest evidence."""
    findings = {
        rule.WITHIN: evidence.within,
        rule.DEPENDENCE: evidence.dependence,
        rule.CALENDAR: evidence.calendar,
    }
    p_values = {name: 1.0 if finding is None else finding.p_value for name, finding in findings.items()}
    return p_values | {
        rule.PLACEBO: 1.0,
        rule.MULTIVERSE: 1.0 if evidence.multiverse is None else evidence.multiverse,
        rule.OUT_OF_SAMPLE: SIGNIFICANCE_LEVEL if min((g.low for g in evidence.out_of_sample), default=-1) > 0 else 0.9,
    }


def figure_of(evidence: Evidence, name: str) -> str:
    """The figure behind one check, as text.

    Parameters
    ----------
    evidence : Evidence
        What was run.
    name : str
        Key of ``analysis.studies.verdict.CHECKS``.

    Returns
    -------
    str
        For example ``p 0.044``; empty if the check was not run.
    """
    if name == rule.OUT_OF_SAMPLE:
        gains = " and ".join(f"{gain.estimate:+.4f}" for gain in evidence.out_of_sample)
        return f"change of the area under the ROC curve {gains}"
    finding = {rule.WITHIN: evidence.within, rule.DEPENDENCE: evidence.dependence, rule.CALENDAR: evidence.calendar}
    p_value = {rule.PLACEBO: evidence.placebo, rule.MULTIVERSE: evidence.multiverse}.get(name)
    found = finding.get(name)
    if found is not None:
        negative = "negative, " if found.estimate < 0.0 else ""
        return f"{negative}{probability(found.p_value)}"
    return "" if p_value is None else probability(p_value)


def _named(evidence: Evidence, name: str) -> str:
    return f"{WORDS[name]} ({figure_of(evidence, name)})"


def _listed(items: list[str], word: str) -> str:
    return f" {word} ".join([part for part in (", ".join(items[:-1]), *items[-1:]) if part])


def _size(outcome: str, evidence: Evidence) -> str:
    """The average effect in percentage points, with the interval of the coefficient."""
    formed = outcome.removeprefix("forms_").replace("_", " ").removesuffix(" alliance")
    effect = evidence.effect_interval
    if effect is None:
        return "the size of the effect in the published model was not computed"
    estimate, low, high = (100.0 * value for value in effect)
    zero = ", which includes zero" if low <= 0.0 <= high else ""
    return (
        f"in the published model, new {formed} alliances are {abs(estimate):.2f} percentage points"
        f" {'more' if estimate > 0 else 'less'} frequent in years in which infant mortality rose"
        f" (95% interval {low:z.2f} to {high:z.2f}{zero})"
    )


def _data(model: "pd.Series[Any]") -> str:
    formed = str(model["outcome"]).removeprefix("forms_").replace("_", " ")
    if pd.isna(model["n"]):
        return f"The years of {model['sample']}, for which the published model could not be estimated."
    return (
        f"{model['n']:,.0f} years of {model['clusters']:,.0f} states, {str(model['sample']).replace('-', ' to ')}; in"
        f" {model['events']:,.0f} of them ({model['events'] / model['n']:.1%}) the state entered a new {formed}."
    )


def probability(p_value: float) -> str:
    """Format a p-value for a sentence."""
    return "p below 0.001" if p_value < 0.001 else f"p {p_value:.3f}"
