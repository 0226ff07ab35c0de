"""A fleet on paper: how many instances, minutes and dollars, and what is assumed for it."""
