# SPDX-License-Identifier: Apache-2.0
"""The references of the API say what the code does."""

from __future__ import annotations

import json
import pathlib
import re

import jsonschema
import openapi_spec_validator
import testtools
import yaml

from nova.idempotency import lookup_schema
from openstack_idempotency.protocol import headers
from openstack_idempotency.protocol.answer import Verdict

ROOT = pathlib.Path(__file__).parents[2]
API_REF = ROOT / "api-ref" / "source"
SAMPLES = ROOT / "doc" / "api_samples" / "os-client-tokens"


def resolved(document, part):
    """Return a part of an OpenAPI document, without references."""
    if isinstance(part, list):
        return [resolved(document, one) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        found = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return resolved(document, found)
    return {name: resolved(document, one) for name, one in part.items()}


class OpenApi(testtools.TestCase):
    def setUp(self):
        super().setUp()
        text = (ROOT / "docs" / "openapi.yaml").read_text("utf-8")
        self.document = yaml.safe_load(text)
        self.paths = resolved(self.document, self.document["paths"])
        self.looks = self.paths["/os-client-tokens"]["get"]
        self.post = self.paths["/servers"]["post"]

    def test_it_is_a_document_of_openapi_3_1(self):
        errors = openapi_spec_validator.OpenAPIV31SpecValidator(
            self.document
        ).iter_errors()
        self.assertEqual([], [str(error) for error in errors])

    def test_the_query_is_the_one_that_is_checked(self):
        listed = {
            one["name"]
            for one in self.looks["parameters"]
            if one["in"] == "query"
        }
        self.assertEqual(set(lookup_schema.index_query["properties"]), listed)

    def test_the_answer_is_the_one_that_is_checked(self):
        content = self.looks["responses"]["200"]["content"]
        schema = content["application/json"]["schema"]
        ours = json.loads(json.dumps(lookup_schema.index_response))
        for item in ("client_tokens",):
            ours["properties"][item]["items"].pop("type")
        self.assertEqual(self.sorted(ours), self.sorted(schema))

    def sorted(self, part):
        """Return a schema whose lists of names have one order."""
        if isinstance(part, dict):
            return {name: self.sorted(one) for name, one in part.items()}
        if isinstance(part, list) and all(isinstance(o, str) for o in part):
            return sorted(part)
        if isinstance(part, list):
            return [self.sorted(one) for one in part]
        return part

    def test_all_states_and_headers_are_there(self):
        states = self.document["components"]["schemas"]["State"]["enum"]
        self.assertEqual([one.value for one in Verdict], states)
        sent = {one["name"] for one in self.post["parameters"]}
        self.assertEqual({*headers.TOKENS, headers.ATTEMPT}, sent)
        seen = set()
        for answer in self.post["responses"].values():
            seen |= set(answer["headers"])
        self.assertLessEqual(
            {
                headers.TOKEN,
                headers.STATE,
                headers.EXPIRES,
                headers.REQUEST_ID,
                headers.REPLAYED,
                "Retry-After",
            },
            seen,
        )
        said = " ".join(
            answer["description"] for answer in self.post["responses"].values()
        )
        for state in states:
            self.assertIn(f"`{state}`", said)


class ApiRef(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.page = (API_REF / "os-client-tokens.inc").read_text("utf-8")
        text = (API_REF / "client-token-parameters.yaml").read_text("utf-8")
        self.parameters = yaml.safe_load(text)

    def named(self, place):
        """Return what the page names that is in some place."""
        lines = re.findall(r"^  - ([\w-]+): (\w+)$", self.page, re.MULTILINE)
        return {
            name
            for name, reference in lines
            if self.parameters[reference]["in"] == place
        }

    def test_each_parameter_is_described_and_used(self):
        used = set(re.findall(r"^  - [\w-]+: (\w+)$", self.page, re.MULTILINE))
        self.assertEqual(set(self.parameters), used)
        for name, parameter in self.parameters.items():
            self.assertEqual(
                {"description", "in", "required", "type"}, set(parameter), name
            )

    def test_they_are_those_of_the_schemas(self):
        query = lookup_schema.index_query["properties"]
        self.assertEqual(set(query), self.named("query"))
        answer = lookup_schema.index_response["properties"]
        shown = lookup_schema.index_response["properties"]["client_tokens"]
        fields = shown["items"]["oneOf"][0]["properties"]
        self.assertEqual({*answer, *fields}, self.named("body"))

    def test_they_are_in_the_order_of_api_ref(self):
        places = [one["in"] for one in self.parameters.values()]
        self.assertEqual(
            sorted(places, key=["header", "query", "body"].index), places
        )

    def test_the_sample_is_one(self):
        (path,) = re.findall(r"literalinclude:: (\S+)", self.page)
        sample = (API_REF / path).resolve()
        self.assertEqual(SAMPLES, sample.parent)
        jsonschema.validate(
            json.loads(sample.read_text("utf-8")),
            lookup_schema.index_response,
            format_checker=jsonschema.FormatChecker(),
        )
