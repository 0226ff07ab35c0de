"""Tables of the results in Markdown, one module each."""
