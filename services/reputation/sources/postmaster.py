"""Google's Postmaster Tools API v2: per sending domain, the part that Gmail's users called spam, and authentication.

POST v2/domains/<domain>/domainStats:query (developers.google.com/workspace/gmail/postmaster/reference/rest/v2). Days on
which a domain mails few of Gmail's users have no figures.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from services.reputation.sources.http import fetch
from services.reputation.sources.source import Outcome, Report, SourceError, dated
from warmlane.reputation.zones import Kind

URL = "https://gmailpostmastertools.googleapis.com"
DAYS = 7
"""Days that are asked for; the newest that has the spam ratio counts."""
SPAM = "spam_ratio"


class Credentials(BaseModel, hide_input_in_errors=True):
    """What Google's OAuth flow writes for an authorized user; scope `postmaster.traffic.readonly`."""

    client_id: str
    client_secret: str
    refresh_token: str
    token_uri: str = "https://oauth2.googleapis.com/token"


class Postmaster:
    """By the JSON of an authorized user. Raises ValueError for one that is not sound."""

    name: ClassVar[str] = "postmaster"
    kind: ClassVar[Kind] = Kind.DOMAIN
    measures: ClassVar[tuple[str, ...]] = (SPAM, "spf_ratio", "dkim_ratio", "dmarc_ratio")

    def __init__(self, credentials: str, url: str = URL) -> None:
        try:
            self._credentials = Credentials.model_validate_json(credentials)
        except ValidationError:
            raise ValueError("no authorized user's JSON (client_id, client_secret, refresh_token)") from None
        self._url = url

    def read(self, subjects: Sequence[str], today: date) -> dict[str, Report]:
        """One question for each domain. What limits or stops one question stops the rest."""
        if not subjects:
            return {}
        token = self._token()
        found = dict[str, Report]()
        for domain in subjects:
            try:
                found[domain] = self._domain(domain, token, today)
            except SourceError as error:
                found[domain] = Report(error.outcome)
                if error.outcome in (Outcome.LIMITED, Outcome.UNREACHABLE):
                    return dict.fromkeys(subjects, Report(error.outcome)) | found
        return found

    def _token(self) -> str:
        known = self._credentials
        form = {
            "client_id": known.client_id,
            "client_secret": known.client_secret,
            "refresh_token": known.refresh_token,
            "grant_type": "refresh_token",
        }
        try:
            answer = _object(fetch(known.token_uri, body=urlencode(form).encode()))
        except SourceError as error:
            # RFC 6749 5.2: a token that was revoked is answered with 400.
            outcome = Outcome.DENIED if error.outcome is Outcome.MALFORMED else error.outcome
            raise SourceError(outcome, f"no access token: {error}") from None
        if not isinstance(answer.get("access_token"), str):
            raise SourceError(Outcome.MALFORMED, "the token's answer holds none")
        return str(answer["access_token"])

    def _domain(self, domain: str, token: str, today: date) -> Report:
        answer = _object(
            fetch(
                f"{self._url}/v2/domains/{domain}/domainStats:query",
                body=json.dumps(_question(today)).encode(),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
        )
        days = dict[date, dict[str, float]]()
        try:
            for stat in answer.get("domainStats", []):
                day = date(*(int(stat["date"][part]) for part in ("year", "month", "day")))
                days.setdefault(day, {})[stat["metric"]] = _ratio(stat["value"])
        except (LookupError, TypeError, ValueError, AttributeError):
            raise SourceError(Outcome.MALFORMED, "a figure can't be read") from None
        with_spam = [day for day, figures in days.items() if SPAM in figures]
        if not with_spam:
            return Report(Outcome.EMPTY)
        newest = max(with_spam)
        return dated({name: value for name, value in days[newest].items() if name in self.measures}, newest, today)


def _question(today: date) -> dict[str, Any]:
    def parts(day: date) -> dict[str, int]:
        return {"year": day.year, "month": day.month, "day": day.day}

    authentication = [
        {
            "name": f"{kind}_ratio",
            "baseMetric": {"standardMetric": "AUTH_SUCCESS_RATE"},
            "filter": f'auth_type = "{kind}"',
        }
        for kind in ("spf", "dkim", "dmarc")
    ]
    return {
        "metricDefinitions": [{"name": SPAM, "baseMetric": {"standardMetric": "SPAM_RATE"}}, *authentication],
        "timeQuery": {
            "dateRanges": {"dateRanges": [{"start": parts(today - timedelta(days=DAYS)), "end": parts(today)}]}
        },
        "aggregationGranularity": "DAILY",
        "pageSize": 200,
    }


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SourceError(Outcome.MALFORMED, "its answer is no JSON object")
    return found


def _ratio(value: dict[str, Any]) -> float:
    """Raises ValueError for what is no ratio, KeyError where there is no number: an absent one is no zero."""
    number = float(value["doubleValue"] if "doubleValue" in value else value["floatValue"])
    if not (math.isfinite(number) and 0 <= number <= 1):
        raise ValueError
    return number
