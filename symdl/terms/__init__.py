"""The nouns that travel between the rooms: frozen data, no algorithms."""
