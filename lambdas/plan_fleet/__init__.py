"""Says how many instances forecast together, before they are paid for."""
