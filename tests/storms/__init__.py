"""Random bad days, checked against what the clouds themselves know.

- Storms of copies: faults, simulation, checks, call_checks, row_checks, truth.
- Collisions of several runs: collisions, harder.
- Drills: drills, drilling, drill_checks, attaching.
- Nights of the role: the folder role.
- What all of them use: scheduler, shrink, servers, processes, modules.
"""
