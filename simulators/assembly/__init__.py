"""How worlds, trust and simulators are put together; used by the façade only."""
