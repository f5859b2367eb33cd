"""Readings taken out of the store, whichever it is, into files for other programs."""
