"""What runs in the container: train LightGBM and forecast every series in the same process."""
