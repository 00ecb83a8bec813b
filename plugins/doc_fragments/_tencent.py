# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Connection options of the modules for Tencent Cloud."""

    DOCUMENTATION = r"""
options:
  secret_id:
    description:
      - ID of the key; environment E(TENCENTCLOUD_SECRET_ID).
    type: str
  secret_key:
    description:
      - Secret of the key; environment E(TENCENTCLOUD_SECRET_KEY).
    type: str
  token:
    description:
      - Token of temporary credentials; environment E(TENCENTCLOUD_SECURITY_TOKEN) or E(TENCENTCLOUD_TOKEN).
    type: str
  profile:
    description:
      - Profile of C(~/.tencentcloud/credentials), with C(secret_id), C(secret_key), and if needed C(token) or
        C(role_arn). Without it, the profile C(default) is used, or the only one in the file. This option takes
        precedence over keys of the environment.
      - V(tccli:NAME) is the profile C(NAME) of the command line C(tccli), in C(~/.tccli/NAME.credential). If C(tccli)
        got the keys by a login in the browser, they are not renewed while a task runs.
    type: str
  cvm_role:
    description:
      - Name of the CAM role of the instance that the module runs on. The keys come from the instance's metadata
        service. The module queries this service only if this option is set, and waits at most O(connect_timeout).
    type: str
  assume_role_arn:
    description:
      - Role to assume with the key or role from the other options.
      - Without it, the role of E(TENCENTCLOUD_ROLE_ARN) and E(TENCENTCLOUD_ROLE_SESSION_NAME) is assumed, as C(tccli)
        does. If only one of the two is set, the module fails. If O(profile) or O(cvm_role) determines the
        credentials, the module ignores both.
    type: str
  assume_role_session_name:
    description:
      - Name of the session in which the role is assumed.
    type: str
  assume_role_external_id:
    description:
      - External ID, if the role requires one.
    type: str
  endpoint_url:
    description:
      - Address of the service, C(https://host) or C(http://host:port), which may contain C({region}); environment
        E(TENCENTCLOUD_CBS_ENDPOINT). International accounts use C(https://cbs.intl.tencentcloudapi.com). Without it,
        finance regions (C(*-fsi)) are called at C(https://cbs.REGION.tencentcloudapi.com), all others at
        C(https://cbs.tencentcloudapi.com).
      - The module calls the services for tags and roles at the same address. If the host begins with C(cbs.), it
        replaces that with C(tag.) or C(sts.).
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
  - The first of these that is given provides the credentials - O(secret_id), O(profile), O(cvm_role),
    E(TENCENTCLOUD_SECRET_ID), the identity of a TKE pod (E(TKE_ROLE_ARN) and E(TKE_WEB_IDENTITY_TOKEN_FILE)), the
    profile file. The temporary keys of an instance, a pod or an assumed role are renewed while a task runs.
"""
