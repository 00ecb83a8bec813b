# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises, checked in a real account: ``make live`` and ``make live-clean``.

.. code-block:: text

    __main__    the two commands: asks, runs, cleans up, writes the results
    costs       what is made, and what it may cost
    mark        the mark of everything that a run makes; nothing else is ever deleted
    journal     what is about to be made, on disk before the call
    clouds/     for each cloud what the modules do not do: make a disk and a snapshot, list and delete what has the mark
    play        ansible-playbook with the collection's modules and role, as a user runs it
    promises    the promises, each with its result
    facts       what the service does: lags, states, defaults, page sizes
    sanitize    removes keys, accounts and names from the output
    results     the transcript, the tables, and the answers in the form of tests/recorded
    clean       deletes what has the mark, until nothing is left
"""
