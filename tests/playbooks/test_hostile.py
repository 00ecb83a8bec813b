# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets on a bad day, in every possible output; and names from the cloud that contain markup or templates."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import pytest

from tests.support.daily import daily_sample

from .conftest import HANGS, PLACES, process_tree

HOSTILE = "{{ 7 * 191 }}{% raw %}<script>alert(1)</script>\x1b[31m"
TOKEN = "aVeryLongTemporaryToken0123456789"
ENVIRONMENT = {
    "ecs": ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    "cbs": ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"),
}


def snapshots(clouds, cloud, name="nightly"):
    region = PLACES[cloud][0]
    tags = {"dr-copy": "true", "note": HOSTILE} if name == HOSTILE else {"dr-copy": "true"}
    disk = clouds.control_of(cloud, "make", [{"kind": "disk", "region": region, "name": name, "tags": tags}])[0]
    made = {"kind": "snapshot", "region": region, "disk_id": disk, "name": name, "tags": tags}
    return clouds.control_of(cloud, "make", [made])


@pytest.mark.parametrize("cloud", ENVIRONMENT)
def test_a_name_from_the_cloud_remains_text(clouds, cloud):
    source = snapshots(clouds, cloud, HOSTILE)
    region, destination = PLACES[cloud]
    keys = clouds.connections[cloud]
    variables = clouds.directory / "vars.json"
    plan = {"dr_copy_cloud": cloud, "dr_copy_source_region": region, "dr_copy_destination_regions": [destination]}
    variables.write_text(json.dumps({**plan, "dr_copy_connection": keys, "keys": keys}))
    clouds.control_of(cloud, "settings", {"copy_seconds": 0.2})
    copy = f"multicloud.snapshots.{cloud}_snapshot_copy"
    given = {"snapshot_ids": source, "source_region": region, "destination_regions": destination, "copy_tags": True}
    connection = {key: f"{{{{ keys.{key} }}}}" for key in keys}
    info = {"region": region, **connection}
    tasks = [
        {"include_role": {"name": "multicloud.snapshots.dr_copy"}},
        {"debug": {"msg": "{{ _dr_copy_report.lines }}"}},
        {f"multicloud.snapshots.{cloud}_snapshot_info": info, "register": "shown"},
        {"debug": {"msg": "{{ shown.disks[0].name }} {{ shown.snapshots[0].tags.note }}"}},
        {copy: {**given, "name": "{source_name}", **connection}, "register": "copied", "ignore_errors": True},
        {"debug": {"var": "copied"}},
    ]  # fmt: skip
    code, output = clouds.play(tasks, "-e", f"@{variables}", "-v")
    assert code == 0, output
    assert "1337" not in output and "{{ 7 * 191 }}" in output and "\x1b[31m" not in output


@pytest.mark.parametrize("cloud", daily_sample(ENVIRONMENT))
@pytest.mark.parametrize("where", ["environment", "profile"])
def test_secrets_show_nowhere_on_a_bad_day(clouds, cloud, where):
    source = snapshots(clouds, cloud)
    region, destination = PLACES[cloud]
    keys = clouds.connections[cloud]
    key_id, secret = (v for k, v in keys.items() if k != "endpoint_url")
    settings = {"keys": {key_id: {"secret": secret, "token": TOKEN}}, "latency": 0.05}
    clouds.control_of(cloud, "settings", settings)
    home, more = clouds.directory / "home", {}
    if where == "environment":
        more = dict(zip(ENVIRONMENT[cloud], (key_id, secret, TOKEN)))
    elif cloud == "ecs":
        profile = {"name": "default", "mode": "StsToken", "access_key_id": key_id, "access_key_secret": secret}
        write_file(home / ".aliyun" / "config.json", json.dumps({"profiles": [{**profile, "sts_token": TOKEN}]}))
    else:
        text = f"[default]\nsecret_id={key_id}\nsecret_key={secret}\ntoken={TOKEN}\n"
        write_file(home / ".tencentcloud" / "credentials", text)
    home.mkdir(exist_ok=True)
    given = {
        "snapshot_ids": source,
        "source_region": region,
        "destination_regions": destination,
        "endpoint_url": keys["endpoint_url"],
        "wait": True,
        "wait_timeout": 4,
    }
    temporary = clouds.directory / "tmp"
    playbook = clouds.write_playbook([{f"multicloud.snapshots.{cloud}_snapshot_copy": given}])
    every = ("drop", "garbage", "expire", "throttle", "unavailable")
    for fault in every if where == "environment" else every[:2]:
        clouds.control_of(cloud, "faults", [{"fault": fault}])
        process = clouds.start(
            "ansible-playbook", playbook, "-vvv", HOME=str(home), ANSIBLE_REMOTE_TMP=str(temporary),
            ANSIBLE_LOCAL_TEMP=str(temporary), ANSIBLE_KEEP_REMOTE_FILES="1", **more,
        )  # fmt: skip
        seen = commands_while(process)
        output, _errors = process.communicate(timeout=HANGS)
        assert process.returncode == 2, output
        left = "".join(
            p.read_text(errors="replace") for p in temporary.rglob("*") if p.is_file() and "AnsiballZ" not in p.name
        )
        for what in (secret, TOKEN, "Signature="):
            assert what not in output and what not in seen and what not in left, (fault, what)


def write_file(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def commands_while(process):
    """Collect every command line of this process and its descendants while it runs."""
    seen = set()
    while process.poll() is None and len(seen) < 10000:
        for pid in process_tree(process.pid):
            with contextlib.suppress(OSError):
                seen.add(Path(f"/proc/{pid}/cmdline").read_text(errors="replace"))
        time.sleep(0.05)
    return "".join(seen)
