# SPDX-License-Identifier: Apache-2.0
"""Points 6, 7 and 8: the header, authority, sameness and scope."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import tests
from mutations.table.places import LIBRARY
from mutations.table.places import NOVA
from mutations.table.places import PROTOCOL
from mutations.table.places import SQL

FAULTS = (
    fault(
        "6.1",
        "a header that a server joined with a comma is another token",
        tests(
            "unit.library.test_token",
            "RepeatedTest.test_the_same_value_twice_is_that_value_*",
        ),
        (
            f"{PROTOCOL}/token.py",
            '    return [value.strip(_LINE_SPACE) for value in line.split(",")]'
            "\n",
            "    return [line.strip(_LINE_SPACE)]\n",
        ),
        (
            f"{PROTOCOL}/token.py",
            r'r"[\x21-\x2b\x2d-\x7e]{1,255}"',
            r'r"[\x21-\x7e]{1,255}"',
        ),
    ),
    fault(
        "6.2",
        "a token may have a comma",
        tests(
            "unit.library.test_token",
            "RepeatedTest.test_different_values_are_refused_*",
        ),
        (
            f"{PROTOCOL}/token.py",
            "    if len(found) == 1 and _TOKEN.fullmatch",
            "    if found and _TOKEN.fullmatch",
        ),
    ),
    fault(
        "6.3",
        "an Idempotency-Key with parameters is refused",
        tests(
            "unit.library.test_token",
            "QuotedTest.test_parameters_do_not_count_*",
        ),
        (
            f"{PROTOCOL}/token.py",
            'rf"[ \\t]*+(?:{_STRING}{_PARAMETERS}[ \\t]*+|',
            'rf"[ \\t]*+(?:{_STRING}[ \\t]*+|',
        ),
    ),
    fault(
        "6.4",
        "an Idempotency-Key of a browser's own counts for more",
        tests(
            "unit.library.test_token",
            "BothHeadersTest.test_x_client_token_alone_counts_*",
        ),
        (
            f"{PROTOCOL}/headers.py",
            "TOKENS: ty.Final = (TOKEN, IDEMPOTENCY_KEY)\n",
            "TOKENS: ty.Final = (IDEMPOTENCY_KEY, TOKEN)\n",
        ),
    ),
    fault(
        "6.5",
        "a header that the operator left out is read all the same",
        tests(
            "unit.library.test_idempotent",
            "KeepsOutTest.test_a_header_that_the_service_does_not_list_"
            "is_not_there",
        ),
        (
            f"{LIBRARY}/decorator.py",
            "token.borne(environ, performer.headers)",
            "token.borne(environ)",
        ),
    ),
    fault(
        "6.6",
        "a script in a browser may neither send nor see our headers",
        tests(
            "functional.test_browsers",
            "Browser.test_all_our_headers_may_be_sent",
        ),
        (
            f"{NOVA}/router.py",
            "        browsers.admit("
            "compute_req_id.HTTP_RESP_HEADER_REQUEST_ID)\n",
            "",
        ),
    ),
    fault(
        "6.7",
        "an error shows the value of the header",
        tests(
            "unit.library.test_token",
            "BothHeadersTest.test_the_error_names_the_header_and_not_the_*",
        ),
        (
            f"{PROTOCOL}/token.py",
            "    raise errors.BadToken(header)\n",
            "    raise errors.BadToken(environ[_in_environ(header)])\n",
        ),
    ),
    fault(
        "7.1",
        "a caller who lost a role still gets the private key",
        tests(
            "unit.library.test_authority",
            "ForbiddenTest.test_forbidden_to_get_the_stored_answer",
        ),
        (
            f"{PROTOCOL}/decision.py",
            "    if not record.roles <= asked.roles:\n",
            "    if False:\n",
        ),
    ),
    fault(
        "7.2",
        "a row does not say which roles its request had",
        tests(
            "functional.db.test_store",
            "ClaimOnSqliteTest.test_it_says_which_roles_the_request_had_*",
        ),
        (
            f"{SQL}/rows.py",
            '        "roles": json.dumps(sorted(use.roles)),\n',
            '        "roles": "[]",\n',
        ),
    ),
    fault(
        "7.3",
        "the case of a role's name counts",
        tests("functional.test_roles", "Roles.test_case_does_not_count"),
        (
            f"{LIBRARY}/wsgi/callers.py",
            "frozenset(role.lower() for role in context.roles or ())",
            "frozenset(context.roles or ())",
        ),
    ),
    fault(
        "8.1",
        "latest is another version after an upgrade",
        tests(
            "unit.test_microversion",
            "VersionAskedTest.test_latest_stays_latest",
        ),
        (
            f"{NOVA}/microversion.py",
            "        return _LATEST\n",
            "        found = api_version_request.max_api_version()."
            "get_string()\n",
        ),
    ),
    fault(
        "8.2",
        "a replay names the version of the request",
        tests(
            "functional.test_sameness",
            "Version.test_latest_is_the_same_after_an_upgrade",
        ),
        (
            f"{NOVA}/response.py",
            "        _show_version(req, dict(answer.headers))\n",
            "",
        ),
    ),
    fault(
        "8.3",
        "callers for a domain or the system share a scope",
        tests(
            "unit.library.test_digest",
            "CallerTest.test_domains_and_systems_are_apart",
        ),
        (
            f"{PROTOCOL}/digest.py",
            "            scope.domain_id,\n            scope.system_scope,\n",
            "",
        ),
    ),
    fault(
        "8.4",
        "what Nova knows of a caller's domain is not asked",
        tests(
            "functional.test_sameness",
            "Whose.test_each_scope_has_its_own_token",
        ),
        (
            f"{LIBRARY}/wsgi/callers.py",
            "        domain_id=context.domain_id,\n"
            "        system_scope=context.system_scope,\n",
            "",
        ),
    ),
    fault(
        "8.5",
        "numbers are compared as binary fractions",
        tests(
            "unit.library.test_sameness",
            "NumberTest.test_they_do_not_pass_through_binary_fractions",
        ),
        (
            f"{PROTOCOL}/sameness.py",
            "        parse_float=_fraction,\n",
            "        parse_float=float,\n",
        ),
    ),
)
