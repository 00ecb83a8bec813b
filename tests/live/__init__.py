# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises, kept or not, against a real account that somebody lends: ``make live`` and ``make live-clean``.

.. code-block:: text

    __main__    the two commands: asks, runs, cleans up, writes the results
    costs       what is made, and what it may cost
    mark        the mark that everything made bears; nothing else is ever deleted
    journal     what is about to be made, on disk before the call
    clouds/     for each cloud what the modules do not do: make a disk and a snapshot, list and delete what bears the
    mark play        ansible-playbook with the collection's modules and role, as a user runs it
    promises    what is promised, each with its result
    facts       what the service does: lags, states, defaults, sizes of pages
    sanitise    takes keys, accounts and names out of what is written
    results     the transcript, the tables, and the answers in the form of tests/recorded
    clean       deletes what bears the mark, until none is left
"""
