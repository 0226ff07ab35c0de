"""Settings of the test process."""

import os

# As in the job itself: threads that spin while they wait make a fit on a busy machine ten times as long.
os.environ.setdefault("GOMP_SPINCOUNT", "50000")
