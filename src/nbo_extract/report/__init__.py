"""Reports for people: what images state, what they miss, and how the light went."""
