"""QualityGate: decides whether a complete run is good enough for automatic publication."""
