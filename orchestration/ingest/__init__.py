"""From a publisher's file to a raw table: provenance, verified copies, reading and source contracts.

Belongs here: source records (``catalog``) and citations (``citation``), verified copies of the files (``fetch``,
``archives``), reading them as published (``readers``), the contract of each raw table (``contracts``, ``membership``),
raw tables on disk (``raw``, ``loads``, ``typed``), the choice between real and sample data (``acquisition``), and the
synthetic sample (``sample``).
Does not belong here: any change of a value. Renaming, typing and joining happen in dbt; estimation, publication and
Dagster are packages of their own. Only ``orchestration.core`` and ``orchestration.store`` may be imported.
"""
