"""CloseRun: writes to the registry how an execution ended that published nothing."""
