"""A made-up panel with years of no change of mortality, formations that cluster in years, and treaties."""

import numpy as np
import pandas as pd

from analysis.core.panel import prepare
from tests.unit.analysis.conftest import make_panel


def stepped_panel(seed: int = 5) -> pd.DataFrame:
    """The panel of the other tests with mortality rounded to whole deaths, so that some changes are exactly 0.

    Rates are complete, so that every state-year but the first of a state has a change.
    """
    panel = make_panel(seed, states=40, years=60)
    rate = panel["infant_mortality_rate"].interpolate().bfill().round()
    gap = panel["year"].diff().ne(1) | panel["cow_code"].diff().ne(0)
    change = rate.diff().mask(gap)
    panel["infant_mortality_rate"] = rate
    panel["infant_mortality_rose"] = (change > 0).astype(float).mask(change.isna())
    return prepare(panel)


def common_shocks(panel: pd.DataFrame, seed: int = 6) -> pd.DataFrame:
    """The panel without formations in the first of every five years, and with many in the second."""
    generator = np.random.default_rng(seed)
    phase = panel["year"].to_numpy() % 5
    forms = panel["forms_military_alliance"].to_numpy(dtype=bool)
    forms = np.where(phase == 0, False, forms | ((phase == 1) & (generator.random(len(panel)) < 0.3)))
    return panel.assign(forms_military_alliance=forms)
