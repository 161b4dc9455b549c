"""The settings of a command: made from the environment when a command first needs them."""

import functools
import os
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import click

from orchestration.core.settings import Settings, from_environment

P = ParamSpec("P")
R = TypeVar("R")


def pass_settings(command: Callable[Concatenate[Settings, P], R]) -> Callable[P, R]:
    """Pass the settings as first argument to a command.

    They are made when the command runs, so that ``--help`` works with an invalid environment. Child processes and
    Dagster's instance find the same settings in the environment.

    Parameters
    ----------
    command : callable
        A click callback whose first parameter is the settings.

    Returns
    -------
    callable
        The callback for click.
    """

    @functools.wraps(command)
    def with_settings(*args: P.args, **kwargs: P.kwargs) -> R:
        context = click.get_current_context().find_root()
        if context.obj is None:
            context.obj = from_environment(os.environ)
            os.environ.update(context.obj.environment())
        return command(context.obj, *args, **kwargs)

    return with_settings
