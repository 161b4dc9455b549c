"""A small made-up panel with the columns the models read: a gap, missing values, a planted effect of a rise."""

import numpy as np
import pandas as pd
import pytest

PLANTED_RISE = 0.35


def make_panel(seed: int = 0, states: int = 60, years: int = 90, first_year: int = 1911) -> pd.DataFrame:
    """One row per state-year; state 1 is out of the system for ten years; the outcome follows a known probit."""
    generator = np.random.default_rng(seed)
    frames = []
    for state in range(1, states + 1):
        rate = 150 * np.exp(np.cumsum(generator.normal(-0.01, 0.04, years)))
        frame = pd.DataFrame(
            {
                "cow_code": state,
                "year": np.arange(first_year, first_year + years),
                "infant_mortality_rate": rate,
                "infant_mortality_rose": pd.array([pd.NA, *(np.diff(rate) > 0)], dtype="boolean"),
                "cinc": generator.gamma(0.5, 0.01) * np.exp(generator.normal(0, 0.1, years)),
                "dispute_rivals": generator.poisson(0.8, years).astype("int32"),
                "w_over_s": generator.choice([0.25, 0.5, 0.75, 1.0], years),
                "relevant_environment_disputes": generator.poisson(2.0, years).astype("int32"),
            }
        )
        own_level = generator.normal(0, 0.2)
        rose = frame["infant_mortality_rose"].fillna(False).to_numpy(dtype=float)
        rivals = np.r_[0.0, frame["dispute_rivals"].to_numpy(dtype=float)[:-1]]
        for rule in ("military", "defense", "any"):
            forms, since = np.zeros(years, dtype=bool), np.zeros(years, dtype="int32")
            quiet = 0
            for year in range(years):
                since[year] = quiet
                index = -1.3 + own_level + PLANTED_RISE * rose[year] + 0.05 * rivals[year] - 0.02 * min(quiet, 20)
                forms[year] = generator.normal() < index
                quiet = 0 if forms[year] else quiet + 1
            frame[f"forms_{rule}_alliance"] = forms
            frame[f"years_since_{rule}_formation"] = since
        frame["published_w_over_s_lagged"] = frame["w_over_s"].shift()
        frame["published_dispute_rivals_lagged"] = frame["dispute_rivals"].shift()
        frame["published_years_since_formation"] = frame["years_since_military_formation"]
        frames.append(frame)
    panel = pd.concat(frames, ignore_index=True)
    panel.loc[generator.random(len(panel)) < 0.05, "infant_mortality_rate"] = np.nan
    absent = (panel["cow_code"] == 1) & panel["year"].between(1940, 1949)
    return panel[~absent].reset_index(drop=True)


@pytest.fixture(scope="session")
def panel() -> pd.DataFrame:
    return make_panel()
