"""How many random examples a property test makes: few in the suite, many in `make nightly`."""

import os

from hypothesis import settings

# A busy machine needs more time for an example than any deadline allows.
settings.register_profile("suite", max_examples=200, deadline=None)
settings.register_profile("nightly", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
