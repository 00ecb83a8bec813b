# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Connection options of the modules for AWS.

    Most are those of amazon.aws, repeated here: Galaxy reads documentation without the fragments of amazon.aws.
    """

    DOCUMENTATION = r"""
options:
  access_key:
    description:
      - ID of the access key; environment E(AWS_ACCESS_KEY_ID) or E(AWS_ACCESS_KEY).
      - Mutually exclusive with O(profile). If neither is set, boto3's credential chain is used.
    type: str
    aliases: [aws_access_key_id, aws_access_key]
  secret_key:
    description:
      - Secret of the access key; environment E(AWS_SECRET_ACCESS_KEY) or E(AWS_SECRET_KEY).
      - Mutually exclusive with O(profile).
    type: str
    aliases: [aws_secret_access_key, aws_secret_key]
  session_token:
    description:
      - Token of temporary credentials; environment E(AWS_SESSION_TOKEN).
      - Mutually exclusive with O(profile).
    type: str
    aliases: [aws_session_token]
  profile:
    description:
      - Profile of C(~/.aws/config) and C(~/.aws/credentials); environment E(AWS_PROFILE).
      - Mutually exclusive with O(access_key), O(secret_key) and O(session_token).
    type: str
    aliases: [aws_profile]
  region:
    description:
      - Region in which the module works; environment E(AWS_REGION).
    type: str
    aliases: [aws_region]
  endpoint_url:
    description:
      - Address to call instead of AWS's own address for the region; environment E(AWS_URL).
    type: str
    aliases: [aws_endpoint_url]
  validate_certs:
    description:
      - Whether to verify TLS certificates. To trust an authority of your own, set O(aws_ca_bundle) instead.
    type: bool
    default: true
  aws_ca_bundle:
    description:
      - File with the certificate authorities that TLS certificates are checked against; environment E(AWS_CA_BUNDLE).
    type: path
  aws_config:
    description:
      - Settings of botocore, such as C(read_timeout) or C(proxies), with the names that C(botocore.config.Config) uses.
      - C(connect_timeout) is V(10) seconds unless it is set here.
      - See U(https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html).
    type: dict
  debug_botocore_endpoint_logs:
    description:
      - Return the API calls, without repetitions, as RV(ignore:resource_actions); environment
        E(ANSIBLE_DEBUG_BOTOCORE_LOGS).
    type: bool
    default: false
  assume_role_arn:
    description:
      - Role to assume with the credentials from the other options. The session is renewed before it ends, so a task may
        last longer.
    type: str
  assume_role_session_name:
    description:
      - Name of the session in which the role is assumed.
    type: str
    default: multicloud.snapshots
  assume_role_external_id:
    description:
      - External ID that the role's trust policy asks for.
    type: str
requirements:
  - python >= 3.10
  - boto3 >= 1.40.20
  - botocore >= 1.40.20
notes:
  - Environment variables and files of the credentials are read where the module runs.
"""
