"""The commands, one module for each; they import what is slow only when they run."""
