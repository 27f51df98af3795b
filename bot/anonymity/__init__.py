"""Ask without one's name: no one but the author's own Home tab knows who asked."""
