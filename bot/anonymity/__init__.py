"""Ask without one's name: nobody but the author's own Home tab knows who asked."""
