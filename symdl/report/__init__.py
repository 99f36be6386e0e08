"""Results become text: for a terminal, as JSON, as Markdown, and as cheat sheets."""
