"""YAML in the style of the project: lists below their key are indented, short ones are on one line."""

from collections.abc import Iterable
from typing import Any

import yaml


class OneLine(list[Any]):
    """A list that is written on one line."""


class OneLineMapping(dict[str, Any]):
    """A mapping that is written on one line."""


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _one_line_list(dumper: _Dumper, data: Iterable[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


def _one_line_mapping(dumper: _Dumper, data: Any) -> yaml.Node:  # noqa: ANN401 - as the library has it
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)


_Dumper.add_representer(OneLine, _one_line_list)
_Dumper.add_representer(OneLineMapping, _one_line_mapping)


def yaml_text(content: object) -> str:
    """Write YAML.

    Parameters
    ----------
    content : object
        Mappings, lists and scalars.

    Returns
    -------
    str
        The document, keys in the order given.
    """
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=118)
