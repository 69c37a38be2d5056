"""The picture of a journey: who spoke with whom, in time, from rows of the journal.

Pure functions over the JSON of the control API, so that pages and reports draw the same picture. Begin at
:func:`simulators.scenario.picture.journeys.journeys` and :func:`simulators.scenario.picture.svg.journey_svg`.
"""
