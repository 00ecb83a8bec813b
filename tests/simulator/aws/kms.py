# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KMS's DescribeKey for the keys of a simulated EC2 (api-facts: kms-key-states).

The setting ``keys_of_kms`` says what is wrong with a key, by its ARN or the name that callers use: ``invalid`` (it does
not exist), ``undescribable`` (the caller may not read it), ``unusable`` (the caller may not use it), ``disabled``, or
one of KMS's own states. All other keys are enabled.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from werkzeug.wrappers import Request, Response

TARGET = "TrentService.DescribeKey"
#: The waiting period before the deletion of a key, in days: the shortest that KMS allows.
WAITS = 7


def action_of(request: Request) -> str | None:
    """Return the operation of KMS that a request calls, or None."""
    return "DescribeKey" if request.headers.get("X-Amz-Target") == TARGET else None


class Keys:
    """DescribeKey of one simulated EC2."""

    def __init__(self, ec2: Any):
        self._ec2 = ec2

    def __call__(self, request: Request) -> Response:
        settings, key = self._ec2.control.settings, json.loads(request.get_data())["KeyId"]
        what = settings["keys_of_kms"].get(key)
        if what == "undescribable" or "DescribeKey" in settings["denied"]:
            return _error(
                "AccessDeniedException",
                f"User: arn:aws:iam::123456789012:user/dr is not authorized to perform: kms:DescribeKey on resource: "
                f"{key} because no identity-based policy allows the kms:DescribeKey action",
            )
        if what == "invalid":
            return _error("NotFoundException", f"Key '{key}' does not exist")
        state = {None: "Enabled", "unusable": "Enabled", "disabled": "Disabled"}.get(what, what)
        return _answer({"KeyMetadata": self._shown(key, state)})

    def _shown(self, key: str, state: str) -> dict[str, Any]:
        created = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()
        facts = {
            "AWSAccountId": key.split(":")[4] if key.startswith("arn:") else "123456789012",
            "KeyId": key.rsplit("/", 1)[-1],
            "Arn": key,
            "CreationDate": created,
            "Enabled": state == "Enabled",
            "Description": "",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": state,
            "Origin": "EXTERNAL" if state == "PendingImport" else "AWS_KMS",
            "KeyManager": "CUSTOMER",
            "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "KeySpec": "SYMMETRIC_DEFAULT",
            "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
            "MultiRegion": False,
        }
        if state == "PendingDeletion":
            facts["DeletionDate"] = (self._ec2.clock.utc() + timedelta(days=WAITS)).timestamp()
        return facts


def _answer(facts: dict[str, Any]) -> Response:
    return Response(json.dumps(facts), content_type="application/x-amz-json-1.1")


def _error(code: str, message: str) -> Response:
    body = json.dumps({"__type": code, "message": message})
    return Response(body, status=400, content_type="application/x-amz-json-1.1")
