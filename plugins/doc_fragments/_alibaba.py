# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Connection options of the modules for Alibaba Cloud."""

    DOCUMENTATION = r"""
options:
  access_key:
    description:
      - ID of the access key. Without it, in this order, the environment (E(ALIBABA_CLOUD_ACCESS_KEY_ID) or
        E(ALICLOUD_ACCESS_KEY)), the profile file, and the instance role are asked.
    type: str
  secret_key:
    description:
      - Secret of the access key; environment E(ALIBABA_CLOUD_ACCESS_KEY_SECRET) or E(ALICLOUD_SECRET_KEY).
    type: str
  security_token:
    description:
      - Token of temporary credentials; environment E(ALIBABA_CLOUD_SECURITY_TOKEN) or E(ALICLOUD_SECURITY_TOKEN).
    type: str
  profile:
    description:
      - Profile of C(~/.aliyun/config.json), of the mode C(AK), C(StsToken), C(RamRoleArn) or C(EcsRamRole); environment
        E(ALIBABA_CLOUD_PROFILE). One that is named here is preferred to keys of the environment.
    type: str
  assume_role_arn:
    description:
      - Role to assume with the key pair.
    type: str
  assume_role_session_name:
    description:
      - Name of the session in which the role is assumed.
    type: str
  ecs_ram_role:
    description:
      - Role of the instance that the module runs on, where nothing else gives credentials.
    type: str
  endpoint_url:
    description:
      - Address of the service, C(https://host) or C(http://host:port), which may hold C({region}).
    type: str
  validate_certs:
    description:
      - Whether to verify TLS certificates.
    type: bool
    default: true
  connect_timeout:
    description:
      - Seconds to wait for a connection.
    type: int
    default: 5
  read_timeout:
    description:
      - Seconds to wait for an answer.
    type: int
    default: 30
"""
