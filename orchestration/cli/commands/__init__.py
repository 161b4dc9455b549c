"""The commands of the command line, one module for each; they import what is slow only when they run."""
