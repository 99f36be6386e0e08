"""Derives: reverse and forward mode on programs in index form, in the form a textbook prints."""
