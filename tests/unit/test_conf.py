# SPDX-License-Identifier: Apache-2.0
"""Options of group [idempotency]."""

from __future__ import annotations

import typing as ty

import ddt
import fixtures
from oslo_config import cfg
import testtools

from nova.conf import idempotency
from openstack_idempotency import opts

SECRET = "a secret of thirty-two characters"
TURN_OFF = "turn it off"

# Option, the least and the most of it.
_BOUNDS = (
    ("token_ttl", 3600, 31536000),
    ("purge_interval", 0, 86400),
    ("purge_batch", 1, 10000),
    ("max_tokens", 0, 1000000000),
    ("lease", 1, 3600),
    ("wait_timeout", 0.0, 300.0),
    ("max_waiting", 0, 1000),
    ("max_response_size", 0, 4 * 1024 * 1024),
)
_DEFAULTS = {
    "secret": [],
    "headers": ["X-Client-Token", "Idempotency-Key"],
    "token_ttl": 86400,
    "every_host": False,
    "purge_interval": 60,
    "purge_batch": 1000,
    "max_tokens": 10000,
    "lease": 60,
    "wait_timeout": 5.0,
    "max_waiting": 1,
    "max_response_size": 65536,
}
# What the help of each says: its unit, and its consequences.
_UNITS = {
    "secret": "characters",
    "headers": "Names",
    "token_ttl": "Seconds",
    "max_tokens": "Number of tokens",
    "lease": "Seconds",
    "wait_timeout": "Seconds",
    "max_waiting": "Number of retries",
    "max_response_size": "Size in bytes",
    "purge_interval": "Seconds",
    "purge_batch": "number of rows",
    "every_host": "Whether",
}
_CONSEQUENCES = {
    "secret": ["refuses to start", "retries run again"],
    "headers": ["runs each time", "by mistake"],
    "token_ttl": ["is a new request", "larger"],
    "max_tokens": ["429", "does not run", "no limit"],
    "lease": ["409", "lose its tokens"],
    "wait_timeout": ["409", "occupies"],
    "max_waiting": ["409", "answer nobody", "none waits"],
    "max_response_size": ["rebuilt", "never runs"],
    "every_host": ["retry_safe", "a second time"],
    "purge_interval": ["only grows", "after the first"],
    "purge_batch": ["more to do at a time"],
}


_NO_NUMBERS = cfg.MultiStrOpt | cfg.ListOpt | cfg.BoolOpt


class _TestCase(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.conf = cfg.ConfigOpts()
        opts.register_opts(self.conf)
        self.conf([], default_config_files=[], default_config_dirs=[])

    def set(self, **values: ty.Any) -> None:
        for name, value in values.items():
            self.conf.set_override(name, value, group="idempotency")
            # oslo.config's copies of a group share its opts.
            self.addCleanup(self.conf.clear_override, name, "idempotency")


@ddt.ddt
class OptionsTest(_TestCase):
    def test_their_defaults_are_the_protocol_s(self) -> None:
        group = self.conf.idempotency
        self.assertEqual(_DEFAULTS, {name: group[name] for name in group})

    def test_each_number_has_its_bounds_here(self) -> None:
        numbers = [
            opt.name
            for opt in opts.idempotency_opts
            if not isinstance(opt, _NO_NUMBERS)
        ]
        self.assertEqual([row[0] for row in _BOUNDS], numbers)

    @ddt.data(*_BOUNDS)
    @ddt.unpack
    def test_each_number_has_a_least_and_a_most(
        self, name: str, least: float, most: float
    ) -> None:
        for value in (least, most):
            self.set(**{name: value})
            self.assertEqual(value, self.conf.idempotency[name])
        for value in (least - 1, most + 1):
            self.assertRaises(ValueError, self.set, **{name: value})

    def test_headers_are_two_names_in_any_case(self) -> None:
        for names in (["X-Client-Token"], ["idempotency-key"]):
            self.set(headers=names)
            self.assertEqual(names, self.conf.idempotency.headers)
        self.assertRaises(ValueError, self.set, headers=["X-Auth-Token"])

    def test_registering_twice_does_nothing(self) -> None:
        opts.register_opts(self.conf)

    def test_the_secret_stays_out_of_the_logged_options(self) -> None:
        self.set(secret=[SECRET])
        lines: list[str] = []

        class Log:
            def log(self, level: int, msg: object, *args: object) -> None:
                lines.append(str(msg) % args)

        self.conf.log_opt_values(Log(), 10)
        (line,) = (one for one in lines if "idempotency.secret" in one)
        self.assertNotIn(SECRET, line)
        self.assertIn("****", line)

    def test_the_sample_file_gets_all_of_them(self) -> None:
        self.assertEqual(
            [(opts.idempotency_group, opts.idempotency_opts)],
            opts.list_opts(),
        )

    @ddt.named_data(*((opt.name, opt) for opt in opts.idempotency_opts))
    def test_each_help_tells_the_unit(self, opt: cfg.Opt) -> None:
        self.assertIn(_UNITS[opt.name], opt.help or "")

    @ddt.named_data(*((opt.name, opt) for opt in opts.idempotency_opts))
    def test_each_help_tells_the_consequence(self, opt: cfg.Opt) -> None:
        text = " ".join((opt.help or "").split())
        for words in _CONSEQUENCES[opt.name]:
            self.assertIn(words, text)

    def test_the_group_tells_how_to_turn_it_on(self) -> None:
        (group,) = idempotency.list_opts()
        text = group.help or ""
        self.assertIn(opts.idempotency_group.help or "nothing", text)
        self.assertIn("api-paste.ini", text)


@ddt.ddt
class CheckTest(_TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.set(secret=[SECRET])

    def assert_misconfigured(self, *words: str) -> None:
        error = self.assertRaises(
            opts.Misconfigured, opts.check, self.conf, TURN_OFF
        )
        for word in words:
            self.assertIn(word, str(error))
        self.assertNotIn(SECRET, str(error))

    def test_a_secret_is_all_that_is_needed(self) -> None:
        opts.check(self.conf, TURN_OFF)

    def test_several_secrets_may_be_listed(self) -> None:
        self.set(secret=[SECRET, SECRET[::-1]])
        opts.check(self.conf, TURN_OFF)

    def test_no_secret(self) -> None:
        self.set(secret=[])
        self.assert_misconfigured("secret is not set", "openssl rand")

    @ddt.data(SECRET[:32], "01234567" * 4)
    def test_a_secret_that_just_suffices(self, secret: str) -> None:
        self.set(secret=[secret])
        opts.check(self.conf, TURN_OFF)

    @ddt.data("", "x", SECRET[:31])
    def test_a_short_secret(self, short: str) -> None:
        self.set(secret=[SECRET, short])
        self.assert_misconfigured("fewer than 32", "longer")

    @ddt.named_data(
        ("one", "x" * 32), ("seven", "0123456" * 5), ("two", "ab" * 500)
    )
    def test_a_secret_of_few_characters(self, poor: str) -> None:
        self.set(secret=[SECRET, poor])
        self.assert_misconfigured("fewer than 8 different", "random")

    def test_the_same_secret_twice(self) -> None:
        self.set(secret=[SECRET, SECRET[::-1], SECRET])
        self.assert_misconfigured("same value twice")

    def test_no_header(self) -> None:
        self.set(headers=[])
        self.assert_misconfigured("headers is empty", "X-Client-Token")

    def test_waiting_as_long_as_the_lease(self) -> None:
        self.set(lease=5, wait_timeout=4.9)
        opts.check(self.conf, TURN_OFF)
        self.set(wait_timeout=5)
        self.assert_misconfigured("wait_timeout (5", "less", "lease (5)")

    def test_a_lease_as_long_as_a_token_s_life(self) -> None:
        self.set(token_ttl=3600, lease=3599)
        opts.check(self.conf, TURN_OFF)
        self.set(lease=3600)
        self.assert_misconfigured("lease (3600)", "less", "token_ttl (3600)")


@ddt.ddt
class DollarTest(testtools.TestCase):
    """oslo.config replaces what follows a dollar, or fails at it."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.useFixture(fixtures.TempDir())

    def loaded(self, text: str) -> cfg.ConfigOpts:
        """Return what oslo.config makes of a nova.conf."""
        path = self.folder.join("nova.conf")
        with open(path, "w") as file:
            file.write(f"[DEFAULT]\nhost = compute-0123456789\n{text}")
        conf = cfg.ConfigOpts()
        conf.register_opt(cfg.StrOpt("host"))
        opts.register_opts(conf)
        conf([], default_config_files=[path], default_config_dirs=[])
        return conf

    def assert_dollar(self, conf: cfg.ConfigOpts, secret: str) -> None:
        error = self.assertRaises(
            opts.Misconfigured, opts.check, conf, TURN_OFF
        )
        self.assertIn("'$'", str(error))
        self.assertIn("Use a secret without one", str(error))
        self.assertNotIn(secret, str(error))

    @ddt.data(
        "$host", "${host}", "$5", "$$", "$$host", "abc$", r"\$host",
        "$unknown", "${", "$DEFAULT.host", "$secret", "$idempotency",
    )  # fmt: skip
    def test_in_nova_conf(self, dollar: str) -> None:
        for secret in (f"{SECRET}{dollar}", f"{dollar}{SECRET}"):
            conf = self.loaded(f"[idempotency]\nsecret = {secret}\n")
            self.assert_dollar(conf, SECRET)

    def test_in_one_of_several(self) -> None:
        lines = f"secret = {SECRET}\nsecret = {SECRET[::-1]}$host\n"
        self.assert_dollar(self.loaded(f"[idempotency]\n{lines}"), SECRET)

    @ddt.data("$host", "$5", "$$", "$", "$unknown")
    def test_in_the_environment(self, dollar: str) -> None:
        variable = fixtures.EnvironmentVariable(
            "OS_IDEMPOTENCY__SECRET", f"{SECRET}{dollar}"
        )
        with variable:
            self.assert_dollar(self.loaded(""), SECRET)

    @ddt.data("$5", "$$", "abc$", "$unknown")
    def test_in_a_value_that_a_program_sets(self, dollar: str) -> None:
        conf = self.loaded("")
        secret = [f"{SECRET}{dollar}"]
        conf.set_override("secret", secret, group="idempotency")
        self.addCleanup(conf.clear_override, "secret", "idempotency")
        self.assert_dollar(conf, SECRET)

    def test_elsewhere_it_is_none_of_ours(self) -> None:
        conf = self.loaded(f"my = $host\n[idempotency]\nsecret = {SECRET}\n")
        opts.check(conf, TURN_OFF)
        self.assertEqual([SECRET], conf.idempotency.secret)
