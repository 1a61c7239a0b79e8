"""Drives the scheduler in virtual time: the very same code, with workers that only take time.

An hour of traffic runs in seconds, and twice in the same way. `fleet` holds the virtual workers,
`workload` the traffic, `engines` what a batch costs, `policies` the rivals of our scheduler,
`trial` one run and `measure` its figures, `studies` the questions that `hanse bench simulate` asks.
"""

from hanse.inference.simulate.fleet import Crash, Hang, Policy, Ran, VirtualFleet
from hanse.inference.simulate.simulation import Engine, Run, Simulation

__all__ = ["Crash", "Engine", "Hang", "Policy", "Ran", "Run", "Simulation", "VirtualFleet"]
