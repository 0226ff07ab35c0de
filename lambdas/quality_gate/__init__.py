"""QualityGate: decides whether a whole run is good enough to be published automatically."""
