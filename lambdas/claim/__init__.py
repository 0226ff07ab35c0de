"""Claim: gives a run to one execution, before it is trained and again once its cutoff is certain."""
