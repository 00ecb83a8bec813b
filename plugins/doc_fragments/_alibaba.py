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
      - ID of the access key; environment E(ALIBABA_CLOUD_ACCESS_KEY_ID) or E(ALICLOUD_ACCESS_KEY).
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
      - Profile of C(~/.aliyun/config.json), of any mode that the C(aliyun) command writes (C(AK), C(StsToken),
        C(RamRoleArn), C(ChainableRamRoleArn), C(EcsRamRole), C(OIDC), C(CredentialsURI), C(External), C(CloudSSO));
        environment E(ALIBABA_CLOUD_PROFILE), which is used only if the environment has no keys.
    type: str
  assume_role_arn:
    description:
      - Role to assume, such as C(acs:ram::1234567890123456:role/dr). The module assumes it with the credentials from
        the other options, which may be temporary.
      - Without this option, the module assumes the role of E(ALIBABA_CLOUD_ROLE_ARN) with a key pair of the options or
        the environment, as the C(aliyun) command does. It uses E(ALIBABA_CLOUD_ROLE_SESSION_NAME) and
        E(ALIBABA_CLOUD_EXTERNAL_ID) if they are set. It does not assume this role in two cases. If a token is
        given, the module uses the token. If all variables for OIDC are set, only OIDC uses the role.
    type: str
  assume_role_session_name:
    description:
      - Name of the session in which O(assume_role_arn) is assumed; C(multicloud-snapshots) by default.
    type: str
  assume_role_external_id:
    description:
      - External ID, if the role requires one.
    type: str
  ecs_ram_role:
    description:
      - Role of the instance that the module runs on. This also works if the metadata service requires a token.
    type: str
  sts_endpoint:
    description:
      - Address of STS, which issues the credentials of roles, such as C(sts.cn-hangzhou.aliyuncs.com) or, from inside a
        VPC, C(sts-vpc.cn-hangzhou.aliyuncs.com). The default is that of the profile, or C(sts.aliyuncs.com).
    type: str
  endpoint_url:
    description:
      - Address of the service, C(https://host) or C(http://host:port), which may contain C({region}); environment
        E(ALIBABA_CLOUD_ECS_ENDPOINT) or E(ALIBABA_CLOUD_ENS_ENDPOINT).
      - Edge Node Service has a second address, C(https://ens.ap-southeast-1.aliyuncs.com), for accounts of the
        international site. The region of its API follows from the host.
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
      - Seconds to wait for a response.
    type: int
    default: 30
notes:
  - The first of these that is given provides the credentials - O(access_key), O(profile), O(ecs_ram_role), the
    environment variables with keys. If none is given, the provider chain of Alibaba Cloud's own library decides (the
    Python library C(alibabacloud_credentials)). It tries OIDC (RRSA) by E(ALIBABA_CLOUD_OIDC_TOKEN_FILE),
    E(ALIBABA_CLOUD_OIDC_PROVIDER_ARN) and E(ALIBABA_CLOUD_ROLE_ARN), the current profile of C(~/.aliyun/config.json),
    C(~/.alibabacloud/credentials.ini), the role of the instance, and E(ALIBABA_CLOUD_CREDENTIALS_URI).
  - Temporary credentials are refreshed while the task runs, except keys and tokens that are given directly.
"""
