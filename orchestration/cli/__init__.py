"""The command line: one module for each command, and what they print.

Belongs here: click commands, which make the settings and call the packages below, and the text of their output. Does
not belong here: any work that Dagster or another program may need as well.
"""
