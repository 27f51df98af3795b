"""Pairs of members who learn from each other."""
