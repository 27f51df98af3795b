"""Ask people who may know about asks that nobody has answered."""
