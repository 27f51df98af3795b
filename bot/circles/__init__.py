"""Circles: a few people who meet some times, and the seasons that form them."""
