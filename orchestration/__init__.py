"""Dagster wiring: definitions, resources, jobs, schedules, and a way to run a job from here. No asset's logic."""

import gc

# What loading makes, some 280,000 objects, stays for as long as the process; by Python's own measure they are searched
# for garbage 650 times on the way, an eighth of the load and more. `definitions` goes back to it once it is loaded.
SEARCHES_OF_MEMORY = gc.get_threshold()
gc.set_threshold(50_000, 20, 100)
