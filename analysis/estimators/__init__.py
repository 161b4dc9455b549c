"""Estimators of models for a binary outcome: arrays in, a fit out.

Belongs here: link functions, maximum likelihood, bias-reduced estimation, and the test for separation. Every function
takes an outcome of shape (n,) and a design matrix of shape (n, k).

Does not belong here: choosing rows and terms (``analysis.design``), covariances and tests that follow a fit
(``analysis.inference``), and names of models or columns of the mart.
"""
