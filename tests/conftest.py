"""Settings of the whole suite: how long hypothesis may search."""

import os

from hypothesis import HealthCheck, settings

# No deadline and no "too slow": these machines are shared, and a slow draw says nothing about the code.
_quiet = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", _quiet, max_examples=50)
settings.register_profile("ci", _quiet, max_examples=300, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
