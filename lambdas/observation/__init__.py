"""What functions tell about their work: lines of JSON, metrics, and what a job took. Shared by all of them."""
