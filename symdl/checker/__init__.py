"""A sheet as a whole: which formula is meant, does it agree, and which smallest edit mends it."""
