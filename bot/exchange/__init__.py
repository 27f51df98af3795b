"""Exchanges: two members who each learn what the other knows."""
