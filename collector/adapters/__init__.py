"""The collector's technologies, one module each."""
