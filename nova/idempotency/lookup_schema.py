# SPDX-License-Identifier: Apache-2.0
"""The schemas of the look-up: GET /os-client-tokens."""

from __future__ import annotations

import typing as ty

from nova.api.validation import parameter_types
from openstack_idempotency.protocol.standing import Standing

# No more than the key of a row has, or than can be read as a number.
_DIGITS = {"type": "string", "pattern": "^[0-9]{1,18}$"}
_NAME = {"type": "string", "minLength": 1, "maxLength": 255}
_NULL_OR_NAME = {"type": ["string", "null"]}
_DATE = {"type": "string", "format": "date-time"}

index_query: dict[str, ty.Any] = {
    "type": "object",
    "properties": {
        "wait": parameter_types.single_param(_DIGITS),
        "limit": parameter_types.single_param(
            parameter_types.non_negative_integer
        ),
        "marker": parameter_types.single_param(_DIGITS),
        "all_projects": parameter_types.single_param(parameter_types.boolean),
        "project_id": parameter_types.single_param(_NAME),
        "user_id": parameter_types.single_param(_NAME),
    },
    "additionalProperties": False,
}

_link = {
    "type": "object",
    "properties": {
        "rel": {"type": "string"},
        "href": {"type": "string", "format": "uri"},
    },
    "required": ["rel", "href"],
    "additionalProperties": False,
}

_resource = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "id": {"type": "string"},
        "links": {"type": "array", "items": _link},
    },
    "required": ["type", "id", "links"],
    "additionalProperties": False,
}

_shown = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "project_id": _NULL_OR_NAME,
        "user_id": _NULL_OR_NAME,
        "target": {"type": "string"},
        "state": {
            "type": "string",
            "enum": [
                one.value for one in Standing if one is not Standing.FORBIDDEN
            ],
        },
        "status": {"type": ["integer", "null"]},
        "linked": {"type": "boolean"},
        "resources": {"type": "array", "items": _resource},
        "request_id": {"type": "string"},
        "created_at": _DATE,
        "expires_at": _DATE,
    },
    "required": [
        "id",
        "project_id",
        "user_id",
        "target",
        "state",
        "status",
        "linked",
        "resources",
        "request_id",
        "created_at",
        "expires_at",
    ],
    "additionalProperties": False,
}

_hidden = {
    "type": "object",
    "properties": {
        "state": {"type": "string", "enum": [Standing.FORBIDDEN.value]}
    },
    "required": ["state"],
    "additionalProperties": False,
}

index_response: dict[str, ty.Any] = {
    "type": "object",
    "properties": {
        "client_tokens": {
            "type": "array",
            "items": {"type": "object", "oneOf": [_shown, _hidden]},
        },
        "client_tokens_links": {"type": "array", "items": _link},
        "token_ttl": {"type": "integer", "minimum": 1},
        "retry_safe": {"type": "boolean"},
    },
    "required": ["client_tokens", "token_ttl", "retry_safe"],
    "additionalProperties": False,
}
