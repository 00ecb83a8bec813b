# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process that makes calls with the vendors' other clients, in their virtual environment.

It reads a call from each line of its standard input, as JSON, and answers with a line: either ``answer`` and
``faults``, the members that the vendor's model lacks, or ``error``, its code and message. With ``only_parameters`` the
answer is the operation's parameters in that model, with their types if it has them. It imports nothing of the tests,
because these need other versions of the same libraries.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import json
import re
import sys
import tempfile
import typing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

#: The output of a client about an error: its code and message.
AWS_ERROR = re.compile(r"An error occurred \((\S+)\) when calling the \w+ operation(?: \(.*?\))?: (.*)", re.S)
TENCENT_ERROR = re.compile(r"code:(\S+) message:(.*?)(?: requestId:\S+)?\s*$", re.S)


class Failed(Exception):
    """A call that failed, with the code and message that the client reported."""

    def __init__(self, code: str, message: str):
        super().__init__(code)
        self.code, self.message = code, message


# -- awscli --------------------------------------------------------------------------------------------------------


class Aws:
    """awscli, as if typed."""

    def __init__(self) -> None:
        import awscli.clidriver
        from botocore import xform_name

        self._driver, self._xform_name = awscli.clidriver.create_clidriver(), xform_name
        self._answers: list[tuple[str, bytes]] = []
        self._driver.session.register("before-parse", self._keep)

    def _keep(self, operation_model: Any, response_dict: dict[str, Any], **_others: Any) -> None:
        body = response_dict["body"]
        self._answers.append((operation_model.name, body if isinstance(body, bytes) else b""))

    def call(self, asked: dict[str, Any]) -> tuple[Any, list[str]]:
        service, operation, region = asked["service"], asked["operation"], asked["region"]
        self._answers.clear()
        command = [service, self._xform_name(operation, "-"), "--endpoint-url", asked["endpoint"], "--region", region]
        command += ["--output", "json", *asked["flags"]]
        with tempfile.TemporaryDirectory() as folder:
            block = Path(folder) / "block"
            if operation in STREAMS:  # which accept no JSON
                for name, value in asked["arguments"].items():
                    command += [f"--{self._xform_name(name, '-')}", str(value)]
                command.append(str(block))
            else:
                command += ["--cli-input-json", json.dumps(asked["arguments"])]
            code, out, err = _capture_output(lambda: self._driver.main(command))
            size = {"BlockData": block.stat().st_size} if block.exists() else {}
        if code:
            match = AWS_ERROR.search(err)
            raise Failed(match[1], match[2].strip()) if match else Failed("client", err.strip())
        faults: list[str] = []
        for name, body in self._answers:
            shape = self._driver.session.get_service_model(service).operation_model(name).output_shape
            faults += _faults_of_aws(shape, body) if shape and name not in STREAMS else []
        return {**(json.loads(out) if out.strip() else {}), **size}, faults


#: Operations whose answer is content, which awscli writes to a file.
STREAMS = {"GetSnapshotBlock"}


def _faults_of_aws(shape: Any, body: bytes) -> list[str]:
    if body.lstrip().startswith(b"{"):
        return _faults_of_json(shape, json.loads(body), shape.name)
    root = ElementTree.fromstring(re.sub(rb' xmlns="[^"]*"', b"", body))
    result = root.find(f"{root.tag.removesuffix('Response')}Result")  # the query protocol wraps the answer
    return _faults_of_xml(shape, root if result is None else result, shape.name)


def _faults_of_xml(shape: Any, node: Any, path: str) -> list[str]:
    if shape.type_name == "structure":
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        faults = [] if {child.tag for child in node} >= set(shape.required_members) else [f"{path}: lacks a member"]
        for child in node:
            if child.tag in known:
                faults += _faults_of_xml(known[child.tag], child, f"{path}.{child.tag}")
            elif child.tag not in ("requestId", "ResponseMetadata"):
                faults.append(f"{path}.{child.tag}: unknown")
        return faults
    if shape.type_name == "list":
        return [fault for item in node for fault in _faults_of_xml(shape.member, item, f"{path}[]")]
    return _faults_of_text(shape, node.text or "", path)


def _faults_of_text(shape: Any, text: str, path: str) -> list[str]:
    forms = {"boolean": r"true|false", "integer": r"-?\d+", "long": r"-?\d+", "timestamp": r"\d{4}-\d\d-\d\dT.*Z"}
    if not re.fullmatch(forms.get(shape.type_name, ".*"), text, re.S):
        return [f"{path}: {text!r} is no {shape.type_name}"]
    allowed = getattr(shape, "enum", None)
    return [f"{path}: {text!r} is none of {allowed}"] if allowed and text not in allowed else []


def _faults_of_json(shape: Any, value: Any, path: str) -> list[str]:
    if shape.type_name == "structure":
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        faults = [f"{path}.{name}: unknown" for name in value if name not in members]
        return faults + [
            f for n, v in value.items() if n in members for f in _faults_of_json(members[n], v, f"{path}.{n}")
        ]
    if shape.type_name == "list":
        return [fault for item in value for fault in _faults_of_json(shape.member, item, f"{path}[]")]
    kinds = {"string": str, "boolean": bool, "integer": int, "long": int, "timestamp": (int, float)}
    if not isinstance(value, kinds.get(shape.type_name, object)):
        return [f"{path}: {value!r} is no {shape.type_name}"]
    return _faults_of_text(shape, value, path) if shape.type_name == "string" else []


# -- Alibaba Cloud's newer SDKs ------------------------------------------------------------------------------------


class Alibaba:
    """The SDK of one service."""

    def __init__(self, package: str):
        from alibabacloud_tea_openapi import models as openapi_models
        from darabonba.runtime import RuntimeOptions

        self._openapi, self._runtime = openapi_models, RuntimeOptions
        self._models = importlib.import_module(f"{package}.models")
        self._client = importlib.import_module(f"{package}.client").Client

    def call(self, asked: dict[str, Any]) -> tuple[Any, list[str]]:
        keys = asked["keys"]
        config = self._openapi.Config(
            access_key_id=keys["access_key"],
            access_key_secret=keys["secret_key"],
            endpoint=asked["endpoint"].partition("://")[2],
            protocol="http",
            region_id=asked["region"],
        )
        operation, arguments = asked["operation"], asked["arguments"]
        request_class = getattr(self._models, f"{operation}Request", None)  # None without parameters
        requests = [request_class().from_map(arguments)] if request_class else []
        for request in [request for request in requests if hasattr(request, "region_id")]:
            request.region_id = asked["region"]
        unknown = [name for name in arguments if not requests or name not in requests[0].to_map()]
        if unknown:
            raise Failed("client", f"{operation} has no parameters {unknown}")
        words = "_".join(re.findall(r"[A-Z][a-z]*", operation)).lower()
        client = self._client(config)
        kept: list[Any] = []
        client.execute = _keep_answers(client.execute, kept)
        client.call_api = _keep_answers(client.call_api, kept)
        try:
            answer = getattr(client, f"{words}_with_options")(*requests, self._runtime(autoretry=False))
        except Exception as error:
            code = getattr(error, "code", None)
            if not code:
                raise
            raise Failed(code, str(getattr(error, "message", error))) from error
        raw = kept[-1]["body"]
        return answer.body.to_map(), [
            *_unknown_members(raw, answer.body.to_map(), operation),
            *_wrong_types(answer.body, operation),
        ]

    def parameters(self, asked: dict[str, Any]) -> dict[str, str]:
        request = getattr(self._models, f"{asked['operation']}Request", None)
        names = re.findall(r"result\['(\w+)'\]", inspect.getsource(request.to_map)) if request else []
        return dict.fromkeys(names, "")


def _keep_answers(call: Any, kept: list[Any]) -> Any:
    def kept_call(*given: Any, **options: Any) -> Any:
        kept.append(call(*given, **options))
        return kept[-1]

    return kept_call


def _unknown_members(raw: Any, known: Any, path: str) -> list[str]:
    """Return the members of an answer that the client's model dropped."""
    if isinstance(raw, dict):
        there = known if isinstance(known, dict) else {}
        return [
            f
            for name, value in raw.items()
            for f in (
                [f"{path}.{name}: unknown"]
                if name not in there and value is not None
                else _unknown_members(value, there.get(name), f"{path}.{name}")
            )
        ]
    if isinstance(raw, list):
        return [
            f for one, other in zip(raw, known or [], strict=False) for f in _unknown_members(one, other, f"{path}[]")
        ]
    return []


def _wrong_types(model: Any, path: str) -> list[str]:
    """Return the members whose value does not have the type in the model's constructor."""
    faults = []
    hints = typing.get_type_hints(type(model).__init__)
    for name, kind in hints.items():
        value = getattr(model, name, None)
        if name != "return" and value is not None:
            faults += _wrong_value(value, kind, f"{path}.{name}")
    return faults


def _wrong_value(value: Any, kind: Any, path: str) -> list[str]:
    if typing.get_origin(kind) is list:
        (inner,) = typing.get_args(kind)
        return (
            [f"{path}: no list"]
            if not isinstance(value, list)
            else [f for v in value for f in _wrong_value(v, inner, f"{path}[]")]
        )
    if hasattr(value, "to_map"):
        return _wrong_types(value, path)
    plain = typing.get_origin(kind) or kind
    if isinstance(plain, type) and not (isinstance(value, plain) and (plain is bool) == isinstance(value, bool)):
        return [f"{path}: {value!r} is no {plain.__name__}"]
    return []


# -- tccli ---------------------------------------------------------------------------------------------------------


class Tencent:
    """tccli, as if typed."""

    def __init__(self) -> None:
        from tencentcloud.common.http import request as http
        from tencentcloud.common.profile.http_profile import HttpProfile

        made = HttpProfile.__init__
        # tccli has no option for it and only uses HTTPS; the simulators use HTTP.
        HttpProfile.__init__ = lambda self, *given, **options: made(self, *given, **{**options, "protocol": "http"})
        self._answers: list[Any] = []
        sent = http.ApiRequest.send_request

        def send(request: Any, *given: Any) -> Any:
            answer = sent(request, *given)
            self._answers.append(answer)
            return answer

        http.ApiRequest.send_request = send
        main = importlib.import_module("tccli.main")
        self._main = main.main

    def call(self, asked: dict[str, Any]) -> tuple[Any, list[str]]:
        service, operation, version = asked["service"], asked["operation"], asked["version"]
        keys = asked["keys"]
        command = ["tccli", service, operation, "--version", version, "--region", asked["region"]]
        command += ["--secretId", keys["secret_id"], "--secretKey", keys["secret_key"]]
        command += ["--endpoint", asked["endpoint"].partition("://")[2], "--output", "json"]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(asked["arguments"], file)
            file.flush()
            sys.argv = [*command, *(asked["flags"] or ("--cli-input-json", f"file://{file.name}"))]
            code, out, err = _capture_output(self._main)
        if code:
            match = TENCENT_ERROR.search(err)
            raise Failed(match[1], match[2]) if match else Failed("client", err.strip())
        raw = json.loads(self._answers[-1].content)["Response"]
        return json.loads(out), _faults_of_tencent(self._objects(asked), f"{operation}Response", raw, operation)

    def parameters(self, asked: dict[str, Any]) -> dict[str, str]:
        members = self._objects(asked)[f"{asked['operation']}Request"]["members"]
        return {member["name"]: member["type"] for member in members}

    @staticmethod
    def _objects(asked: dict[str, Any]) -> dict[str, Any]:
        """Return the objects in tccli's model of a service."""
        root = Path(importlib.import_module("tccli").__file__).parent / "services" / asked["service"]
        model: dict[str, Any] = json.loads((root / f"v{asked['version'].replace('-', '')}" / "api.json").read_text())
        return dict(model["objects"])


def _faults_of_tencent(objects: dict[str, Any], name: str, raw: dict[str, Any], path: str) -> list[str]:
    members = {member["name"]: member for member in objects[name]["members"]}
    faults = [f"{path}.{key}: unknown" for key in raw if key not in members]
    for key, member in members.items():
        if key not in raw:
            faults += [f"{path}.{key}: missing"] if member.get("output_required") else []
        elif raw[key] is None:
            faults += [] if member.get("value_allowed_null") else [f"{path}.{key}: may not be null"]
        else:
            faults += _faults_of_member(objects, member, raw[key], f"{path}.{key}")
    return faults


def _faults_of_member(objects: dict[str, Any], member: dict[str, Any], value: Any, path: str) -> list[str]:
    if member["type"] == "list":
        inner = {**member, "type": "object" if member["member"] in objects else member["member"]}
        return [f for item in value for f in _faults_of_member(objects, inner, item, f"{path}[]")]
    if member["type"] == "object":
        return _faults_of_tencent(objects, member["member"], value, path)
    kinds = {"string": str, "datetime": str, "date": str, "datetime_iso": str, "bool": bool, "float": float}
    kind = kinds.get(member["type"], int)
    fits = isinstance(value, kind) and (kind is bool) == isinstance(value, bool)
    return [] if fits else [f"{path}: {value!r} is no {member['type']}"]


# ------------------------------------------------------------------------------------------------------------------


class UnclosedBytes(io.BytesIO):
    """The output of a command. tccli wraps its standard output, and closes it when the wrapper is deleted."""

    def close(self) -> None:
        pass


def _capture_output(main: Any) -> tuple[int, str, str]:
    """Run the main function of a command; return its exit code and output."""
    out, err = (io.TextIOWrapper(UnclosedBytes(), "utf-8", write_through=True) for _stream in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
    printed, errors = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    return code or 0, printed, errors


def main() -> None:
    name, answers = sys.argv[1], sys.stdout
    client = {"awscli": Aws, "tccli": Tencent}[name]() if name in ("awscli", "tccli") else Alibaba(name)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer, faults = (client.parameters(asked), []) if asked["only_parameters"] else client.call(asked)
            outcome: dict[str, Any] = {"answer": answer, "faults": faults}
        except Failed as error:
            outcome = {"error": {"code": error.code, "message": error.message}}
        except Exception as error:
            outcome = {"error": {"code": "client", "message": f"{type(error).__name__}: {error}"}}
        print(json.dumps(outcome, default=str), file=answers, flush=True)


if __name__ == "__main__":
    main()
