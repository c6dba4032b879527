"""How the properties of rules are tried."""

from hypothesis import HealthCheck, settings

# A busy machine must not fail a test: no deadline, and no complaint about slow data.
settings.register_profile("rules", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rules")
