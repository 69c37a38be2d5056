"""``doctor``: is everything in place for the product to speak with this sandbox, and if not, what to change.

:mod:`.here` looks from where the command runs, which is where the product usually runs; :mod:`.inside` looks from
inside the sandbox's process: its folders, its clocks, the connections that failed, and the product's own endpoints.
"""
