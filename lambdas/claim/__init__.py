"""Claim: gives an execution the lease on a run, before training and again when the cutoff is certain."""
