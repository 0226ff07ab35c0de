"""CloseRun: writes to the registry how an execution ended that did not publish."""
