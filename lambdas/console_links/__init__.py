"""Where the AWS console shows what a run left. Shared by the functions that tell people."""
