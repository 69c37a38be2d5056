"""The XDS.b metadata model of the French profile: values, model, ebRIM reader and writer."""
