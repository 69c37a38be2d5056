"""A plain hospital OpenID provider: what a product shows beside Pro Santé Connect (SC.SSI/IAM.80)."""
