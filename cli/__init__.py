"""The operator did something: one module for each command of `app.py`."""
