"""``make demo`` and ``make clouds``: the simulated clouds, shown by a playbook, or served for commands of your own."""
