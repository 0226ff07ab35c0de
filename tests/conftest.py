"""Settings of the test process."""

import os

# As in the job itself: threads that spin while they wait make a fit on a busy machine ten times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
