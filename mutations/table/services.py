# SPDX-License-Identifier: Apache-2.0
"""Points 2 and 5, for a service that is not Nova."""

from __future__ import annotations

from mutations.fault import fault
from mutations.fault import Proof
from mutations.fault import tests
from mutations.table.places import ENGINE
from mutations.table.places import LIBRARY
from mutations.table.places import SQL


def _museum(test: str, case: str = "Museum") -> Proof:
    module = "functional.museum.test_museum"
    return tests(module, f"{case}OnSqliteTest.{test}")


FAULTS = (
    fault(
        "2.31",
        "a row that nobody asked for is bound",
        _museum("test_the_retry_gets_the_first_answer_2_club"),
        (
            f"{SQL}/link.py",
            "            count = int(kind.counts(row))\n",
            "            count = 1\n",
        ),
    ),
    fault(
        "2.32",
        "the same of rows that statements insert",
        _museum("test_the_retry_gets_the_first_answer_3_places"),
        (
            f"{SQL}/statements.py",
            "        if kind.counts(naming.Row(row))\n",
            "",
        ),
    ),
    fault(
        "2.33",
        "a resource that has an earlier one's key is taken for that",
        _museum("test_another_room_of_the_name_is_not_it", "UsedAgain"),
        (
            f"{SQL}/surviving.py",
            "(resource.key, resource.incarnation) in there",
            "resource.key in dict(there)",
        ),
    ),
    fault(
        "2.34",
        "a change that has changed nothing is bound",
        _museum("test_a_change_that_changed_nothing_is_not_bound"),
        (
            f"{SQL}/statements.py",
            "_changes(claim, statement) and result.rowcount != 0:",
            "_changes(claim, statement):",
        ),
    ),
    fault(
        "2.35",
        "a change is bound by each of its statements",
        _museum("test_the_retry_gets_the_first_answer_5_shift"),
        (
            f"{SQL}/statements.py",
            "        if not binding.bound(connection, claim, change):\n",
            "        if True:\n",
        ),
    ),
    fault(
        "2.36",
        "a request that lost its token changes rows by statements",
        _museum("test_who_lost_the_token_does_nothing_5_shift"),
        (
            f"{SQL}/statements.py",
            "        reached(Point.BEFORE_LINK)\n"
            "        binding.fence(connection, claim)\n",
            "        reached(Point.BEFORE_LINK)\n",
        ),
        (
            f"{SQL}/statements.py",
            "            binding.fence(connection, claim, bound=1)\n",
            "",
        ),
    ),
    fault(
        "2.37",
        "no fault point is reached at a commit",
        _museum("test_each_commit_is_reached_once_*"),
        (f"{SQL}/binding.py", "    commits.mark(connection)\n", ""),
    ),
    fault(
        "2.38",
        "the points of a transaction that was rolled back are another one's",
        _museum("test_a_commit_of_nothing_bound_is_no_point"),
        (
            f"{SQL}/commits.py",
            '    sa.event.listen(connection, "rollback", _unmark, once=True)\n',
            "",
        ),
    ),
    fault(
        "2.39",
        "a row that the service has marked as deleted is there",
        _museum("test_it_does_not_survive", "Marked"),
        (
            f"{SQL}/surviving.py",
            "    if kind.marked is not None:\n",
            "    if False:\n",
        ),
    ),
    fault(
        "2.40",
        "a request that lost its token marks rows as deleted",
        _museum("test_who_lost_the_token_gives_nothing_back", "Marked"),
        (
            f"{SQL}/statements.py",
            "    return marked is not None and naming.sets(statement, marked)\n",
            "    return False\n",
        ),
    ),
    fault(
        "2.41",
        "what a condition asks of another table is taken for what is changed",
        _museum("test_what_is_compared_with_other_tables_is_not_changed"),
        (
            f"{SQL}/naming.py",
            "        own = _table(left) == statement.table.name\n",
            "        own = True\n",
        ),
    ),
    fault(
        "2.42",
        "a row that a statement selects is bound though there is none",
        _museum("test_the_retry_gets_the_first_answer_7_*"),
        (
            f"{SQL}/naming.py",
            "        return [_selected(statement)] * result.rowcount\n",
            "        return [_selected(statement)]\n",
        ),
    ),
    fault(
        "2.43",
        "a service that runs its method again makes a second one",
        _museum("test_no_more_is_made_than_the_request_may_make"),
        (
            f"{SQL}/binding.py",
            "    limited = claim.most is not None and bound > 0\n",
            "    limited = False\n",
        ),
    ),
    fault(
        "2.44",
        "a look-up whose query is not UTF-8 is an exception of the filter",
        tests("unit.library.test_query", "QueryTest.test_one_that_is_not_*"),
        (
            f"{LIBRARY}/middleware/lookup.py",
            "    except UnicodeDecodeError:\n",
            "    except ZeroDivisionError:\n",
        ),
    ),
    fault(
        "2.45",
        "an answer that cannot be rebuilt makes a 500 of each retry",
        tests(
            "unit.library.test_operation",
            "RebuiltTest.test_what_is_shown_has_another_form_*",
        ),
        (
            f"{LIBRARY}/middleware/operation.py",
            "(AttributeError, LookupError, TypeError, ValueError)",
            "ZeroDivisionError",
        ),
    ),
    fault(
        "2.46",
        "a service that cannot tell now makes a 500 of a retry",
        tests(
            "unit.library.test_inquiry", "InquiryTest.test_an_error_goes_away_*"
        ),
        (
            f"{ENGINE}/inquiry.py",
            "    except Exception as exc:\n",
            "    except ZeroDivisionError as exc:\n",
        ),
    ),
    fault(
        "2.47",
        "what is followed by more is told as done, whatever of it is there",
        tests(
            "unit.library.test_crash",
            "LinkedTest.test_what_is_followed_by_more_has_no_answer",
        ),
        (
            f"{ENGINE}/recovery.py",
            "        if self._work.followed and row.status is None:\n",
            "        if False:\n",
        ),
    ),
    fault(
        "2.48",
        "one of several that were asked for is taken for all of them",
        tests(
            "unit.library.test_rebuilding",
            "WholeTest.test_not_without_what_was_asked_for",
        ),
        (
            f"{LIBRARY}/middleware/rebuilding.py",
            "        return len(there) >= len(wanted)\n",
            "        return bool(there)\n",
        ),
    ),
    fault(
        "5.9",
        "distributions of different minor versions work together",
        tests("unit.library.test_versions", "CheckTest.test_the_others_*"),
        (
            f"{LIBRARY}/versions.py",
            'version.split(".")[:2]',
            'version.split(".")[:1]',
        ),
    ),
)
