"""The channels to people, one module each."""
