# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment, as far as it can be built without a container engine."""

from __future__ import annotations

import yaml

from .conftest import REPOSITORY


def test_an_image_is_described_with_the_collection_and_its_requirements(clouds, awx):
    context = clouds.directory / "context"
    definition = REPOSITORY / "execution-environment.yml"
    code, output = clouds.run("ansible-builder", "create", "-f", definition, "-c", context)
    assert code == 0, output
    galaxy = yaml.safe_load((context / "_build" / "requirements.yml").read_text())
    assert [named["name"] for named in galaxy["collections"]] == ["multicloud.snapshots"]
    steps = next(path for path in context.iterdir() if path.name in ("Dockerfile", "Containerfile")).read_text()
    assert "ansible-core>=2.16" in steps and "ansible-runner>=2.4" in steps and "/usr/bin/python3.12" in steps
    code, output = clouds.run("ansible-builder", "introspect", awx.collections)
    assert code == 0, output
    listed = yaml.safe_load(output)["python"]
    ours = [line.split()[0] for line in listed if line.endswith("from collection multicloud.snapshots")]
    wanted = (REPOSITORY / "requirements.txt").read_text().splitlines()
    assert ours == [line for line in wanted if line and not line.startswith("#")]
