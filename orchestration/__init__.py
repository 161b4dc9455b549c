"""Where data come from, when they move, what is checked, what is published; and the command line."""
