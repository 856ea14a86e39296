"""Microsoft's Smart Network Data Services: per address, how Outlook's filter took a day's mail, complaints, traps.

CSV without a heading, a line for each address and activity period (sendersupport.olc.protection.outlook.com/snds,
"Automated Data Access"). Addresses with fewer than 100 messages on a day are left out.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from ipaddress import IPv4Address
from typing import ClassVar
from urllib.parse import quote

from services.reputation.sources.http import fetch
from services.reputation.sources.source import Outcome, Report, SourceError, dated
from warmlane.reputation.zones import Kind

URL = "https://sendersupport.olc.protection.outlook.com/snds/data.aspx"
COLUMNS = 11
"""Address, activity from and to, RCPT, DATA, recipients, filter result, complaint rate, trap period, trap hits; samples
and comments follow."""
TIME = "%m/%d/%Y %I:%M %p"
SPAM_SHARE = {"GREEN": 0.0, "YELLOW": 0.1, "RED": 0.9}
"""The least part of the mail that the filter took for spam: green under 10 %, yellow up to 90 %, red above."""
_COMPLAINTS = re.compile(r"(<\s*)?(\d+(?:\.\d+)?)\s*%")


class Snds:
    """By the key of Automated Data Access, which stands in the question's address."""

    name: ClassVar[str] = "snds"
    kind: ClassVar[Kind] = Kind.ADDRESS
    measures: ClassVar[tuple[str, ...]] = ("complaint_ratio", "recipients", "spam_ratio_at_least", "trap_hits")

    def __init__(self, key: str, url: str = URL) -> None:
        self._question = f"{url}?key={quote(key, safe='')}"

    def read(self, subjects: Sequence[str], today: date) -> dict[str, Report]:
        """One question for all addresses."""
        newest = dict[str, tuple[datetime, dict[str, float]]]()
        try:
            for line in csv.reader(io.StringIO(fetch(self._question).decode("utf-8-sig"))):
                if line:
                    address, until, figures = _row(line)
                    if address not in newest or newest[address][0] < until:
                        newest[address] = until, figures
        except (ValueError, csv.Error):
            raise SourceError(Outcome.MALFORMED, "a line of its table can't be read") from None
        found = dict.fromkeys(subjects, Report(Outcome.EMPTY))
        for address in newest.keys() & found.keys():
            until, figures = newest[address]
            found[address] = dated(figures, until.date(), today)
        return found


def _row(line: list[str]) -> tuple[str, datetime, dict[str, float]]:
    """Raises ValueError for a line of another shape."""
    if len(line) < COLUMNS:
        raise ValueError
    complaints = _COMPLAINTS.fullmatch(line[7].strip())
    result = line[6].strip().upper()
    if complaints is None or result not in SPAM_SHARE:
        raise ValueError
    figures = {
        # "< 0.1%" is all that is said of few complaints: the upper bound is kept.
        "complaint_ratio": float(complaints[2]) / 100,
        "recipients": float(int(line[5])),
        "spam_ratio_at_least": SPAM_SHARE[result],
        "trap_hits": float(int(line[10])),
    }
    return str(IPv4Address(line[0].strip())), datetime.strptime(line[2].strip(), TIME), figures
