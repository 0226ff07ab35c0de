"""CheckDeadline: notifies the operators when a run is not published by its deadline."""
