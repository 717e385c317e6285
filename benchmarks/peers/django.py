# SPDX-License-Identifier: Apache-2.0
"""django-idempotency-key: a middleware, through all of Django's WSGI."""

from __future__ import annotations

import io
import sys
import typing as ty
from urllib import parse

from benchmarks.peers.peer import ANSWER
from benchmarks.peers.things import Things

_DATABASE: ty.Final = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "django_cache",
}


class Django:
    """A POST to a view that makes a thing.

    :param things: what the view makes
    """

    def __init__(self, things: Things) -> None:
        from django import http
        from django import urls
        from django.core import wsgi

        def make(request: ty.Any) -> ty.Any:
            things.add()
            return http.HttpResponse(ANSWER, status=202)

        # Django finds the views in the module of this name.
        views: ty.Any = sys.modules[__name__]
        views.urlpatterns = [urls.path("things", make)]
        self._application = wsgi.get_wsgi_application()

    def answer(self, token: str) -> object:
        """Make a thing, or give the first answer again."""
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/things",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_IDEMPOTENCY_KEY": token,
            "CONTENT_LENGTH": "0",
            "wsgi.input": io.BytesIO(),
            "wsgi.url_scheme": "http",
        }
        answer = self._application(environ, _check)
        text = b"".join(answer)
        # Lets Django give its connections back.
        answer.close()
        return text

    def close(self) -> None:
        """Leave it to the end of the process."""


def _check(status: str, headers: ty.Any, error: ty.Any = None) -> None:
    if not status.startswith("202 "):
        raise RuntimeError(f"django-idempotency-key answers {status}")


def opened(url: str, things: Things) -> Django:
    """Start it on a PostgreSQL database, by Django's cache in a table."""
    return with_cache(url, things, _DATABASE)


def with_cache(
    url: str, things: Things, cache: ty.Mapping[str, ty.Any]
) -> Django:
    """Start it with a cache.

    :param url: a PostgreSQL database
    :param things: what it makes
    :param cache: Django's settings of the cache that keeps answers
    """
    import django
    from django.conf import settings
    from django.core import management

    where = parse.urlsplit(url)
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="of benchmarks only",
        MIDDLEWARE=["idempotency_key.middleware.IdempotencyKeyMiddleware"],
        CACHES={"default": cache},
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": where.path.lstrip("/"),
                "HOST": where.hostname,
                "PORT": where.port or 5432,
                "USER": where.username,
                # Else each new thread would keep a connection for ever.
                "OPTIONS": {"pool": {"min_size": 4, "max_size": 20}},
            }
        },
        IDEMPOTENCY_KEY={
            "STORAGE": {"CLASS": "idempotency_key.storage.CacheKeyStorage"},
            # Its lock is one for all requests.
            "LOCK": {"ENABLE": False},
            "CONFLICT_STATUS_CODE": None,
        },
    )
    django.setup()
    management.call_command("createcachetable")
    return Django(things)
