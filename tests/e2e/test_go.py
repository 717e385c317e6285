# SPDX-License-Identifier: Apache-2.0
"""The Go client under gophercloud, through faults, to the real API."""

from __future__ import annotations

import json
import os
from pathlib import Path
import subprocess
import tempfile
import unittest

from embedded import environment
from embedded import openrc
from testing import golang
from testing.cloud import Cloud

CLOUD: Cloud
BURST: Path
SECONDS = 300
# Of the POSTs, how many meet a fault; of the seed, that all kinds of it do.
FAULTS = ("--faults", "0.6", "--seed", "7", "--attempt-time", "5s")


def setUpModule() -> None:
    global BURST, CLOUD  # noqa: PLW0603
    missing = golang.missing(gophercloud=True)
    if missing and golang.REQUIRED in os.environ:
        raise AssertionError(missing)
    if missing:
        raise unittest.SkipTest(missing)
    folder = tempfile.TemporaryDirectory(prefix="e2e-go-")
    unittest.addModuleCleanup(folder.cleanup)
    BURST = golang.burst(Path(folder.name))
    CLOUD = Cloud()
    unittest.addModuleCleanup(CLOUD.close)


def variables() -> dict[str, str]:
    """Return the environment of the demo user."""
    demo = openrc.variables(CLOUD.site, openrc.DEMO)
    return environment.inherited() | demo


def case(name: str) -> dict[str, str]:
    """Return what the program is asked for, by that name."""
    server = CLOUD.server(name)["server"]
    return {"name": name, "kind": "server", "flavor": server["flavorRef"],
            "image": server["imageRef"]}  # fmt: skip


def burst(
    kind: str, count: int, *options: str
) -> tuple[list[dict[str, object]], str]:
    """Make that many of a kind, and return each one's line, and the log."""
    done = subprocess.run(
        [BURST, "--kind", kind, "--count", str(count), "--name", kind,
         "--parallel", "4", *options],
        env=variables(), capture_output=True, text=True, timeout=SECONDS,
        check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines, f"{done.stdout}\n{done.stderr}"


class BurstTest(unittest.TestCase):
    """Each call ends with one resource, and its secret."""

    def test_servers(self) -> None:
        lines, log = burst("server", 8, *FAULTS)
        self.assertEqual(8, len(lines), log)
        for line in lines:
            self.assertNotIn("error", line, log)
            self.assertTrue(line["secret"], log)
            self.assertEqual(
                [line["id"]], CLOUD.ids(str(line["name"])), log
            )
        self.assertGreater(sum(int(str(a["attempts"])) for a in lines), 8, log)

    def test_keypairs(self) -> None:
        lines, log = burst("keypair", 16, *FAULTS)
        self.assertEqual(16, len(lines), log)
        made = CLOUD.compute.get("/os-keypairs").json()["keypairs"]
        there = {
            one["keypair"]["name"]: one["keypair"]["fingerprint"]
            for one in made
        }
        for line in lines:
            self.assertNotIn("error", line, log)
            # The private key came, and belongs to what the cloud has.
            self.assertTrue(line["secret"], log)
            self.assertEqual(there[str(line["name"])], line["id"], log)
        self.assertGreater(
            sum(int(str(a["attempts"])) for a in lines), 16, log
        )

    def test_killed_program_goes_on(self) -> None:
        names = [f"killed-{number}" for number in range(8)]
        asked = "\n".join(json.dumps(case(name)) for name in names)
        command = [str(BURST), "--cases", "--parallel", "4", *FAULTS]
        with subprocess.Popen(
            command, env=variables(), text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        ) as killed:  # fmt: skip
            assert killed.stdin is not None
            assert killed.stdout is not None
            killed.stdin.write(asked)
            killed.stdin.close()
            first = killed.stdout.readline()
            killed.kill()
        done = subprocess.run(
            [*command, "--again"], env=variables(), input=asked, text=True,
            capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        log = f"{first}{done.stdout}\n{done.stderr}"
        answers = {
            line["name"]: line.get("answer")
            for line in map(json.loads, done.stdout.splitlines())
        }
        for name in names:
            self.assertEqual([answers[name]], CLOUD.ids(name), log)

    def test_without_tokens_the_same_faults_lose_servers(self) -> None:
        lines, log = burst("server", 8, *FAULTS, "--without",
                           "--name", "without")  # fmt: skip
        failed = [str(a["name"]) for a in lines if "error" in a]
        self.assertTrue(failed, log)
        self.assertTrue([name for name in failed if CLOUD.ids(name)], log)
