# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a long task shows while it runs, and that its module does not outlive its job."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess

import pytest

from tests.clouds import CLOUDS

from .conftest import ENDLESS, HANGS, PLACES, is_alive, process_tree, wait_until
from .test_restore import Site

LINE = re.compile(r"localhost (\w+)_snapshot_copy: \d+ of \d+ copied, \d+ in progress.*so far")


def task(clouds, cloud, count=4, **options):
    """Return a copy task that takes some seconds, because its window is narrow."""
    source, destination = PLACES[cloud]
    ids = [clouds.create_snapshot(cloud) for _n in range(count)]
    given = {"snapshot_ids": ids, "source_region": source, "destination_regions": [destination], "max_in_flight": 2}
    given.update(wait=True, wait_delay=1, **({} if cloud == "ebs" else clouds.connections[cloud]), **options)
    clouds.control_of(cloud, "settings", {"copy_seconds": 1.5})
    return {f"multicloud.snapshots.{cloud}_snapshot_copy": given}


def played(clouds, tasks, *arguments, core=None, **play):
    """Run a playbook; return its exit code, its stdout and its stderr."""
    process = subprocess.run(
        ["ansible-playbook", clouds.write_playbook(tasks, **play), *arguments],
        cwd=clouds.directory,
        env=clouds.environment(**(core or {})),
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    return process.returncode, process.stdout, process.stderr


def started(clouds, core, **streams):
    """Start a playbook that copies for some seconds, with streams of its own."""
    command = ["ansible-playbook", clouds.write_playbook([task(clouds, "ens")])]
    return subprocess.Popen(command, cwd=clouds.directory, env=clouds.environment(**core), **streams)


@pytest.mark.parametrize("cloud", ["ens"])  # the four plugins are one class
def test_stderr_gets_a_line_at_each_change_of_phase(clouds, cloud):
    code, output, errors = played(clouds, [{**task(clouds, cloud), "register": "copied"}, {"debug": {"var": "copied"}}])
    assert code == 0, output + errors
    lines = LINE.findall(errors)
    # In progress, room for the rest, done.
    assert 2 <= len(lines) <= 3 and set(lines) == {cloud}, errors
    assert "0 of 4 copied, 0 in progress" not in errors
    assert "so far" not in output, "neither on stdout nor in the result"


@pytest.mark.parametrize("cloud", ["ens"])  # the modules run one engine
def test_a_restore_and_a_drill_say_how_many_disks_are_made(clouds, cloud):
    site = Site(clouds, cloud)
    site.copies("database", "mail", "files")
    clouds.control_of(cloud, "settings", {"disk_seconds": 3})
    shown = re.compile(rf"^flood {cloud}_snapshot_restore: (\d of 3 \w+), \d in progress.*so far", re.MULTILINE)
    for playbook in ("dr_restore", "dr_drill"):
        code, output = site.play(playbook, "--check")
        assert code == 0 and not shown.search(output), output
        code, output = site.play(playbook)
        assert code == 0 and shown.findall(output)[0] == "0 of 3 created", output
        assert "% " not in output and "copied" not in output


def test_progress_is_hidden_with_no_log_async_or_one_line(clouds):
    tasks = [
        {**task(clouds, "ens", 3), "vars": {"snapshot_copy_progress": False}},
        {**task(clouds, "ens", 3), "no_log": True},
        {**task(clouds, "ens", 3), "async": HANGS, "poll": 1},
    ]
    code, output, errors = played(clouds, tasks, "-v")
    assert code == 0 and not LINE.search(errors + output), errors
    assert "ens_snapshot_copy: no progress is shown over SSH, under async or as another user" in output
    arguments = (
        f"snapshot_id={clouds.create_ebs_snapshot()} source_region=us-east-1 destination_region=eu-west-1 wait=true"
    )
    code, output = clouds.run(
        "ansible", "localhost", "--one-line", "-m", "multicloud.snapshots.ebs_snapshot_copy", "-a", arguments
    )
    assert code == 0 and not LINE.search(output)


def test_progress_works_in_check_mode_and_with_defaults_of_a_group(clouds, core):
    given = task(clouds, "ens")
    name = "multicloud.snapshots.ens_snapshot_copy"
    keys = {key: given[name].pop(key) for key in clouds.connections["ens"]}
    defaults = {"group/multicloud.snapshots.alibaba": keys}
    code, output, errors = played(clouds, [given], "--check", core=core, module_defaults=defaults)
    assert code == 0 and not LINE.search(errors) and "changed=1" in output
    code, output, errors = played(clouds, [given], core=core, module_defaults=defaults)
    assert code == 0 and LINE.search(errors), output + errors


def test_hosts_run_at_the_same_time_under_the_free_strategy(clouds, core):
    fleet = clouds.directory / "fleet"
    fleet.write_text("red\nblue\n")
    given = task(clouds, "ens", 3)
    options = given["multicloud.snapshots.ens_snapshot_copy"]
    # Each its own: copies that the other host has already made show no progress.
    ids = {"red": options["snapshot_ids"], "blue": [clouds.create_snapshot("ens") for _n in range(3)]}
    options["snapshot_ids"] = "{{ ids[inventory_hostname] }}"
    given["vars"] = {"ids": ids}
    code, output, errors = played(
        clouds, [given], "-i", str(fleet), "--forks", "2", core=core, hosts="all", strategy="free"
    )
    assert code == 0, output + errors
    for host in ("red", "blue"):
        assert re.search(rf"^{host} ens_snapshot_copy: \d of 3 copied", errors, re.MULTILINE), errors
    assert "so far" not in output


def test_a_reader_that_leaves_hangs_nothing(clouds, core):
    reader, writer = os.pipe()
    process = started(clouds, core, stdout=subprocess.PIPE, stderr=writer, text=True)
    os.close(writer)
    shown = b""
    while not LINE.search(shown.decode()):
        part = os.read(reader, 4096)
        assert part, shown
        shown += part
    os.close(reader)
    output, _none = process.communicate(timeout=HANGS)
    assert process.returncode == 0 and "changed=1" in output


def test_a_library_that_is_left_out_is_named(clouds, oldest):
    there = {cloud: task(clouds, cloud, 1) for cloud in PLACES}
    missing = {name: cloud.library for name, cloud in CLOUDS.items() if name != "ens"}
    tasks = [{**there[cloud], "ignore_errors": True} for cloud in missing]
    code, output, errors = played(clouds, [*tasks, there["ens"]], core=oldest)
    assert code == 0 and "ignored=3" in output and "changed=1" in output, output + errors
    for library in missing.values():
        assert re.search(rf"library \(?[^.]*{library}", output), output


def test_progress_is_shown_on_a_terminal_and_in_a_file(clouds, core):
    leader, follower = pty.openpty()
    process = started(clouds, core, stdout=follower, stderr=follower)
    os.close(follower)
    shown = b""
    with contextlib.suppress(OSError):
        while part := os.read(leader, 4096):
            shown += part
    assert process.wait(timeout=HANGS) == 0 and LINE.search(shown.decode())
    log = clouds.directory / "log"
    with log.open("w") as stream:
        process = started(clouds, core, stdout=stream, stderr=stream)
    assert process.wait(timeout=HANGS) == 0 and LINE.search(log.read_text()) and "PLAY RECAP" in log.read_text()


@pytest.mark.parametrize("quiet", [False, True])
def test_a_module_does_not_outlive_its_playbook(clouds, core, quiet):
    playbook = clouds.write_playbook([{**task(clouds, "ens", wait_timeout=ENDLESS), "no_log": quiet}])
    clouds.control_of("ens", "settings", {"copy_seconds": ENDLESS})
    process = clouds.start("ansible-playbook", playbook, **core)
    wait_until(lambda: clouds.control_of("ens", "calls").get("CopySnapshot", 0) >= 2)
    children = process_tree(process.pid)[1:]
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert len(children) > 1
    wait_until(lambda: not any(is_alive(pid) for pid in children), seconds=20)
