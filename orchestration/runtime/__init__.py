"""What runs in a process: one refresh, the servers behind ``warehouse ui``, and a look at the state of everything.

Belongs here: work that needs Dagster's definitions or its instance, started by a command. Does not belong here: the
definitions (``defs``) and what is printed on the terminal (``cli``).
"""
