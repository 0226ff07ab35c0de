"""One command line over the application."""
