"""Dagster only: assets and their checks, jobs, the schedule, the sensors, and Dagster's own storage.

Belongs here: thin functions that call the packages below and translate their results into Dagster's terms, each with
the settings as a resource. Does not belong here: any rule about sources, marts, results or publications, and anything
that a command needs without Dagster.
"""
