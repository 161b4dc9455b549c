"""What Dagster loads: the definitions for the settings in the environment of this process."""

import os

from orchestration.core.settings import from_environment
from orchestration.defs.assemble import build_defs

settings = from_environment(os.environ)
os.environ.update(settings.environment())  # dbt and the run workers are child processes
defs = build_defs(settings)
