"""Random bad days, checked against what the clouds themselves know.

- Storms of copies: faults, simulation, copy_checks, call_checks, row_checks, truth.
- Collisions of several runs: collisions, harder.
- Drills: drill_draws, drill_simulation, drill_checks, drills_with_nights, attaching.
- Nights of the role: the folder role.
- What all of them use: scheduler, shrink, servers, processes, modules.
"""
