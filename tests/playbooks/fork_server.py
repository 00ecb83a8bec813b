# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs commands of Ansible as forks of a process that has loaded Ansible's and the clouds' libraries.

Loading them takes most of the time of a short playbook and its modules. The command is the installed one, with the
arguments, environment and streams of a process of its own. Its workers, and the zip files that they build of modules,
are Ansible's. A module runs from its zip file, and shares nothing of Ansible or of this collection with the playbook
that started it. It is a fork of this process too, because a playbook may have threads. Any other command than ``python
AnsiballZ_module.py`` is started normally.

Tests that kill, and those that check streams, command lines or another core, start a process of their own with
``Clouds.start()``. So do the jobs of a controller, and live runs that are killed.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import re
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import boto3

from tests.support.botocore_loader import share_loader

#: Variables that may differ from the environment in which the libraries were loaded, because they are read later or not
#: at all.
READ_LATER = ("AWS_", "ALIBABA_CLOUD_", "TENCENTCLOUD_", "CONTROLLER_", "PYTEST_", "HOLD_")
COLLECTION = "ansible_collections.multicloud.snapshots"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGQUIT, signal.SIGALRM)
MODULE = re.compile(r"/bin/sh -c '(\S+) (\S+/AnsiballZ_\w+\.py)(?: && sleep 0)?'")

#: The command that replaces ansible-playbook: it passes on its arguments, directory, environment and output, and waits
#: for the end.
COMMAND_SCRIPT = """
import json, os, socket, sys

status, theirs = os.pipe()
environment = {{**os.environ, **{known!r}}}
order = {{"command": [{real!r}, *sys.argv[1:]], "directory": os.getcwd(), "environment": environment}}
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
    channel.connect({orders!r})
    socket.send_fds(channel, [json.dumps(order).encode()], [1, theirs])
os.close(theirs)
sys.exit(int(os.read(status, 16) or 1))
"""


class ForkServer:
    """The process, for callers that have something to run."""

    def __init__(self, environment):
        self.environment = environment
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                env=environment,
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def has_loaded(self, environment):
        """Return whether a command with this environment would load the same libraries."""
        names = {name for name in {*environment, *self.environment} if not name.startswith(READ_LATER)}
        return all(environment.get(name) == self.environment.get(name) for name in names)

    def run(self, command, directory, environment, timeout):
        """Run a command that is a Python script to its end; return its exit code and output."""
        command = [shutil.which(command[0]), *command[1:]]
        order = json.dumps({"command": command, "directory": str(directory), "environment": environment}).encode()
        (output, to_output), (status, to_status) = os.pipe(), os.pipe()
        try:
            socket.send_fds(self._channel, [order], [to_output, to_status])
        finally:
            os.close(to_output)
            os.close(to_status)
        text = bytearray()
        deadline = time.monotonic() + timeout
        with open(output, "rb", 0) as stream, open(status) as ended:
            while True:
                if not select.select([stream], [], [], max(0, deadline - time.monotonic()))[0]:
                    raise subprocess.TimeoutExpired(command, timeout, bytes(text))
                if not (part := stream.read(65536)):
                    break
                text += part
            return int(ended.read()), text.decode()

    def provide_command(self, directory):
        """Provide an ``ansible-playbook`` that runs in a fork too, for programs that start it by its name."""
        orders = os.path.join(directory, "orders")
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listening.bind(orders)
        known = {name: self.environment[name] for name in ("PATH", "PYTHONPATH")}
        script = Path(directory) / "ansible-playbook"
        text = COMMAND_SCRIPT.format(real=shutil.which("ansible-playbook"), known=known, orders=orders)
        script.write_text(f"#!{sys.executable} -SE\n{text}")
        script.chmod(0o755)

        def pass_orders_on():
            while True:
                order, descriptors, _flags, _address = socket.recv_fds(listening, 1 << 20, 2)
                socket.send_fds(self._channel, [order], descriptors)
                for descriptor in descriptors:
                    os.close(descriptor)

        threading.Thread(target=pass_orders_on, daemon=True).start()

    def stop(self):
        self._channel.close()
        self._process.wait()


def main():
    channel = socket.socket(fileno=int(sys.argv[1]))
    modules = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    modules.bind("")  # to an address that Linux chooses, without a file
    load_libraries(modules.getsockname())
    compiled = importlib.import_module("sitecustomize")  # of site/, which is only on the path of this process
    running = {}

    def reap(*_args):
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                status = running.pop(ended[0])
                with contextlib.suppress(BrokenPipeError):  # the caller is gone
                    os.write(status, str(os.waitstatus_to_exitcode(ended[1])).encode())
                os.close(status)

    signal.signal(signal.SIGCHLD, reap)
    while True:
        ready = select.select([channel, modules], [], [])[0][0]
        order, descriptors, _flags, _address = socket.recv_fds(ready, 1 << 20, 4)
        if not order:
            return
        *streams, status = descriptors
        compiled.read_all()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        pid = os.fork()
        if not pid:
            if ready is modules:
                run_as_process(run_module, dict(enumerate(streams)), **json.loads(order))
            os.setsid()
            run_as_process(run_command, {1: streams[0], 2: streams[0]}, **json.loads(order))
        running[pid] = status
        for stream in streams:
            os.close(stream)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def load_libraries(modules):
    """Load what playbooks and modules load, and let the listening process fork modules."""
    for path in Path(__file__).parents[2].glob("plugins/module_utils/_clouds/*/*.py"):
        with contextlib.suppress(ModuleNotFoundError):  # where no collection is on Python's path
            importlib.import_module(f"{COLLECTION}.plugins.module_utils._clouds.{path.parent.name}.{path.stem}")
    share_loader()
    for service in ("ec2", "sts"):
        boto3.Session("none", "none").client(service, "us-east-1")
    unload_ansible()
    sys.argv[0] = "ansible-playbook"
    importlib.import_module("ansible.cli.playbook")
    # Shadows the built-in function for the loader of collections, which keeps no bytecode.
    importlib.import_module("ansible.utils.collection_loader._collection_finder").compile = compile_once
    local = importlib.import_module("ansible.plugins.connection.local").Connection
    local.exec_command = fork_modules_of(local.exec_command, modules)
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000)  # A collection each 2,000 objects takes up to a tenth of a playbook's time.


def compile_once(source, filename, **_how):
    return importlib.import_module("sitecustomize").compiled(filename, source)


def unload_ansible():
    """Unload everything of Ansible, as in a process that has not loaded it."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("ansible.")]
    sys.path_hooks[:] = [hook for hook in sys.path_hooks if not hook.__module__.startswith("ansible.")]
    sys.path_importer_cache.clear()
    for name in [name for name in sys.modules if name.partition(".")[0] in ("ansible", "ansible_collections")]:
        del sys.modules[name]


def run_as_process(run, streams, **given):
    """In a fork: run a function as if in a process of its own, with these descriptors. Does not return."""
    code = 1
    try:
        for number in SIGNALS:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        for number, descriptor in streams.items():
            os.dup2(descriptor, number)
        # The owner of another descriptor may close it late. It stays in use, so that it becomes no file of this
        # process.
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in map(int, os.listdir("/proc/self/fd")):
            if number > 2 and number != nothing:
                with contextlib.suppress(OSError):
                    os.dup2(nothing, number, inheritable=False)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(number, mode, closefd=False) for number, mode in enumerate(("r", "w", "w"))
        )
        run(**given)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if not isinstance(ended.code, int | None):
            print(ended.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            threading._shutdown()
            atexit._run_exitfuncs()
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def run_command(command, directory, environment):
    """Run a command of Ansible."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    constants = importlib.import_module("ansible.constants")
    theirs = importlib.import_module("ansible.utils.path").cleanup_tmp_file
    constants.DEFAULT_LOCAL_TMP = tempfile.mkdtemp(dir=os.path.dirname(constants.DEFAULT_LOCAL_TMP))
    atexit.register(theirs, constants.DEFAULT_LOCAL_TMP)
    sys.argv[:] = command
    sys.path[0] = os.path.dirname(command[0])
    runpy.run_path(command[0], run_name="__main__")


def fork_modules_of(start, modules):
    def exec_command(self, cmd, in_data=None, sudoable=True):
        module = MODULE.fullmatch(cmd)
        if not (module and module[1] == sys.executable) or in_data or self.become:
            return start(self, cmd, in_data, sudoable)
        display = importlib.import_module("ansible.utils.display").Display()
        display.vvv(f"EXEC {cmd}", host=self._play_context.remote_addr)
        pipes = [os.pipe() for _stream in range(4)]
        (theirs_in, ours_in), (ours_out, theirs_out), (ours_err, theirs_err), (ended, status) = pipes
        theirs = [theirs_in, theirs_out, theirs_err, status]
        order = {"path": module[2], "directory": os.getcwd(), "environment": dict(os.environ)}
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(modules)
            socket.send_fds(channel, [json.dumps(order).encode()], theirs)
        for descriptor in (*theirs, ours_in):
            os.close(descriptor)
        outputs = {ours_out: bytearray(), ours_err: bytearray()}
        waiting = set(outputs)
        while waiting:
            for stream in select.select(list(waiting), [], [])[0]:
                part = os.read(stream, 65536)
                outputs[stream] += part
                if not part:
                    waiting.remove(stream)
                    os.close(stream)
        with open(ended) as code:
            return int(code.read()), bytes(outputs[ours_out]), bytes(outputs[ours_err])

    return exec_command


def run_module(path, directory, environment):
    """Run a module that Ansible has put there."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    unload_ansible()
    sys.argv[:] = [path]
    sys.path[0] = os.path.dirname(path)
    runpy.run_path(path, run_name="__main__")


if __name__ == "__main__":
    main()
