"""Independent judgement: exact points, rigorous balls, refutation with a witness, replay; never the engine."""
