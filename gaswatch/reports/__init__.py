"""Documents for people: what the figures are written into."""
