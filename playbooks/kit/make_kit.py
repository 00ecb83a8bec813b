# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes an archive with everything that a restore needs besides the cloud. The playbook dr_kit runs this."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from datetime import datetime, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
COLLECTION = HERE.parents[1]
OTHERS = ("amazon.aws",)
GUIDES = (
    *("worst_day", "restoring", "kit", "sets", "drill", "drill_checks", "drill_results"),
    *("permissions", "failures", "glossary"),
)
#: A reference to a page of the documentation site, with or without words of its own.
_REFERENCE = re.compile(r":ref:`(?:([^`<]+?)\s*<)?ansible_collections\.multicloud\.snapshots\.docsite\.(\w+)>?`")
#: Markup that only the documentation site understands: the head of a page, directives and their options.
_MARKUP = re.compile(r"(?m)\A\.\.\n(?: .*\n)+|^\.\. _.*:\n|^ *\.\. [a-z-]+::.*\n(?:^ +:[a-z-]+:.*\n)*")
_CAPTION = re.compile(r"(?m)^( *)\.\. code-block:: \w+\n +:caption: (.*)\n(?: +:[a-z-]+:.*\n)*")


class Problem(Exception):
    """Why there is no kit, for the user."""


def installed(name: str) -> Path:
    """Return where Ansible finds a collection."""
    listed = run([sys.executable, "-m", "ansible", "galaxy", "collection", "list", name, "--format", "json"])
    for path in json.loads(listed or "{}"):
        return Path(path, *name.split("."))
    raise Problem(f"The collection {name} is not installed. Install it: ansible-galaxy collection install {name}")


def pack(directory: Path, to: Path) -> str:
    """Pack an installed collection as ansible-galaxy builds it, into the directory ``to``; returns its version."""
    try:
        manifest, listed = (json.loads((directory / name).read_bytes()) for name in ("MANIFEST.json", "FILES.json"))
    except OSError as error:
        raise Problem(
            f"{directory} is not an installed collection: {error}. Install it, or run make kit in the clone."
        ) from error
    # The package ansible omits what runs do not need, such as tests.
    files = [entry for entry in listed["files"] if (directory / entry["name"]).exists()]
    changed = [entry["name"] for entry in files if entry["ftype"] == "file" and entry["chksum_sha256"] !=
               hashlib.sha256((directory / entry["name"]).read_bytes()).hexdigest()]  # fmt: skip
    info = manifest["collection_info"]
    if changed:
        name = f"{info['namespace']}.{info['name']}"
        raise Problem(
            f"Files of {name} in {directory} are not as they were installed: {', '.join(changed)}. "
            f"Reinstall it: ansible-galaxy collection install --force {name}"
        )
    texts = {"FILES.json": json.dumps({**listed, "files": files}).encode()}
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(texts["FILES.json"]).hexdigest()
    texts["MANIFEST.json"] = json.dumps(manifest).encode()
    with tarfile.open(to / f"{info['namespace']}-{info['name']}-{info['version']}.tar.gz", "w:gz") as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text), 0o644
            archive.addfile(member, io.BytesIO(text))
        for entry in files:
            if entry["name"] != ".":
                archive.add((directory / entry["name"]).resolve(), entry["name"], recursive=False)
    return str(info["version"])


def interpreter(wanted: str) -> str:
    """Return the command of a Python: of the one that runs this, of a version such as 3.12, or of a path."""
    if not wanted:
        return sys.executable
    for command in [f"python{wanted}", wanted]:
        found = shutil.which(command)
        probe = [found or "", "-c", "import venv, ensurepip"]
        if found and subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return found
    raise Problem(f"No Python {wanted} with its module venv was found in PATH. Install it, or give the path of one.")


def run(command: list[str], **environment: str) -> str:
    """Run a command to its end; returns its output. Raises Problem with the end of what it said."""
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-15:])
        raise Problem(f"{' '.join(command)} failed with {done.returncode}:\n{said}")
    return done.stdout


def collect_wheels(python: str, to: Path) -> None:
    """Build or fetch a wheel of everything, for that Python on a machine such as this one."""
    with tempfile.TemporaryDirectory() as scratch:
        run([python, "-m", "venv", scratch])
        command = [f"{scratch}/bin/python", "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(to)]
        run([*command, "ansible-core>=2.16", "-r", str(COLLECTION / "requirements.txt")])


def copy_given(kit: Path, inventory: str, reports: str) -> None:
    """Copy the plans, and of the reports those that machines read."""
    if inventory:
        source = Path(inventory)
        if source.is_dir():
            shutil.copytree(source, kit / "inventory")
        else:
            (kit / "inventory").mkdir()
            shutil.copy(source, kit / "inventory")
            for name in ("group_vars", "host_vars"):  # Ansible reads them beside an inventory
                if (source.parent / name).is_dir():
                    shutil.copytree(source.parent / name, kit / "inventory" / name)
    if reports:
        found = sorted(Path(reports).glob("*.json"))
        if not found:
            raise Problem(f"{reports} contains no report (*.json). Give the directory that dr_copy_report_dir names.")
        (kit / "reports").mkdir()
        for report in found:
            shutil.copy(report, kit / "reports")


def as_text(guide: str) -> str:
    """Return a guide for a reader without the documentation site: references name files of the kit."""

    def named(reference: re.Match[str]) -> str:
        words, name = reference.groups()
        place = f"guides/{name}.txt" if name in GUIDES else f'the guide "{name}" of the documentation site'
        return f"{' '.join(words.split())} ({place})" if words else place

    def titled(caption: re.Match[str]) -> str:
        indent, title = caption.groups()
        return f"{indent}{'File ' if '.' in title else ''}{title}:\n"

    text = _CAPTION.sub(titled, _REFERENCE.sub(named, guide))
    return re.sub(r"\n{3,}", "\n\n", _MARKUP.sub("", text)).lstrip()


def make(given: argparse.Namespace) -> list[str]:
    """Make the kit and try it; return the lines for the user."""
    for path in (given.inventory, given.reports, given.directory):
        if path and not Path(path).exists():
            raise Problem(f"{path} does not exist.")
    python = interpreter(given.python)
    version = run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).strip()
    with tempfile.TemporaryDirectory() as scratch:
        kit = Path(scratch) / "dr-kit"
        for name in ("collections", "wheels", "guides"):
            (kit / name).mkdir(parents=True)
        own, *_others = [pack(directory, kit / "collections") for directory in (COLLECTION, *map(installed, OTHERS))]
        copy_given(kit, given.inventory, given.reports)
        collect_wheels(python, kit / "wheels")
        for name in ("install.sh", "README.txt"):
            shutil.copy(HERE / name, kit)
        for name in GUIDES:
            guide = (COLLECTION / "docs" / "docsite" / "rst" / f"{name}.rst").read_text(encoding="utf-8")
            (kit / "guides" / f"{name}.txt").write_text(as_text(guide), encoding="utf-8")
        shutil.copy(COLLECTION / "docs" / "worst_day_card.html", kit / "guides")
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        system = f"{platform.system()} {platform.machine()}"
        (kit / "made-for").write_text(f'VERSION="{version}"\nSYSTEM="{system}"\nMADE="{now}"\n')
        run(["bash", str(kit / "install.sh"), f"{scratch}/tried"], PATH=f"{Path(python).parent}:{os.environ['PATH']}")
        name = f"dr-kit-{own}-python{version}-{system.replace(' ', '-')}.tar.gz"
        target = Path(given.directory).resolve() / name
        # Only its owner may read the file, from the start: an inventory may contain secrets.
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{name}.", suffix=".part", delete=False) as file:
            try:
                with tarfile.open(fileobj=file, mode="w:gz") as archive:
                    archive.add(kit, "dr-kit")
                file.flush()
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    return [
        f"The kit is {target}.",
        f"It is for Python {version} on {system}, and was installed once, from its own files alone.",
        "Unpack it on the machine that will run the restore, and follow its README.txt.",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default="", help="a version such as 3.12, or a path; else the one that runs this")
    parser.add_argument("--inventory", default="", help="a file or directory with the plans")
    parser.add_argument("--reports", default="", help="a directory with the plans' last reports")
    parser.add_argument("--directory", default=".", help="where the archive is written")
    try:
        print("\n".join(make(parser.parse_args())))
    except (Problem, OSError) as problem:
        print(f"No kit was made. {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
