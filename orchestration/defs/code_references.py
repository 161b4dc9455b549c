"""The files that an asset is made by, as Dagster's code references."""

import warnings
from pathlib import Path
from typing import Any

from dagster import BetaWarning, CodeReferencesMetadataValue, LocalFileCodeReference

from orchestration.core.settings import PACKAGES, REPOSITORY


def code_references(*files: Path) -> dict[str, Any]:
    """Make the metadata entry that links an asset to its files.

    Parameters
    ----------
    *files : Path
        Absolute paths, the most telling first. Dagster opens them in an editor of this machine; the label is the path
        in the repository.

    Returns
    -------
    dict
        Metadata entry ``dagster/code_references``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BetaWarning)  # of Dagster, for each reference
        return {
            "dagster/code_references": CodeReferencesMetadataValue(
                code_references=[LocalFileCodeReference(file_path=str(file), label=_label(file)) for file in files]
            )
        }


def _label(file: Path) -> str:
    for folder in (REPOSITORY, PACKAGES):
        if file.is_relative_to(folder):
            return file.relative_to(folder).as_posix()
    return file.name
