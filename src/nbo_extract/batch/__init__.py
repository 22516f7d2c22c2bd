"""Many images at once: worker processes, a journal that says what is done, and what is told of it."""
