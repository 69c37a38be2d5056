"""A client of the DMP: VIHF, TD0.2, TD0.3, TD2.1, TD3.1, TD3.2, TD3.3 (facts dmp §1-3, dmp-messages §1-8)."""
