"""RunsWidget: shows the last runs on the dashboard."""
