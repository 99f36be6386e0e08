"""Text to statements, spans kept."""
