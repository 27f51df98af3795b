"""Buddies: people who came some months ago help newcomers for four weeks."""
