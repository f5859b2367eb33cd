"""How gas, detectors and a town behave. Pure: time and chance are arguments."""
