"""Shows the last runs on the dashboard."""
