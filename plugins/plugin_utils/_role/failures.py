# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failures of module calls and of runs, and whether a call was answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import (
    Ambiguous,
    Busy,
    CopyError,
    Refused,
    TimedOut,
    Unreachable,
)

from .answers import Answer, CopyAnswer, Failure

#: The kinds of failures of a region that does not answer; other kinds mean that it refused.
NO_ANSWER = tuple(error.kind for error in (Unreachable, Busy, Ambiguous, TimedOut))


def has_answered(source: Answer) -> bool:
    """Whether a region answered a listing, even with a refusal."""
    return not any(failure["kind"] in NO_ANSWER for failure in failures_of(source))


def has_failed(source: Answer) -> bool:
    """Whether a call failed, at least in part. A listing that was skipped has no failure."""
    return bool(failures_of(source))


def is_listed(source: Answer) -> bool:
    """Whether a region was listed."""
    return not has_failed(source) and not source.get("skipped")


def outdates_listing(answers: Sequence[CopyAnswer]) -> bool:
    """Whether copy calls changed, waited for or failed on anything, so that the listing of copies is outdated."""
    moved = ("adopted", "pending", "failed")
    return any(
        answer.get("changed") or failures_of(answer) or any((answer.get("counts") or {}).get(key) for key in moved)
        for answer in answers
    )


def failures_of(answer: Answer) -> list[Failure]:
    """Return the failures in an answer; one without a result of our modules, or that failed without any, is one."""
    if answer.get("failures"):
        return list(answer["failures"])
    is_ours = "failures" in answer or "snapshots" in answer or "packed" in answer
    if (is_ours or answer.get("skipped")) and not answer.get("failed"):
        return []
    return [failure_row(Refused(str(answer.get("msg") or "a task failed without a message")))]


def failure_row(
    error: CopyError, source_id: str | None = None, region: str | None = None, copy_id: str | None = None
) -> Failure:
    """Return a failure that the role has detected, in the form of the copy modules."""
    return cast(Failure, error.as_result(source_id, region, copy_id))


def run_failure(message: str, hint: str | None = None) -> Failure:
    """Return a failure for what stopped a run or a part of it."""
    return failure_row(Refused(message, hint=hint))


def unexpected_error(error: Exception) -> str:
    """Return a message about an error in the role's own code."""
    return f"An error in the collection's own code ended the run: {type(error).__name__}: {error}"
