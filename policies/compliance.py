"""Published requirements, and what in Warmlane answers each: rule, resource field and test, or that nothing does yet.

`python -m policies.compliance` writes `docs/compliance.md`; a test holds it to the rules.
Sources of what no rule answers: Google, Email sender guidelines (support.google.com/a/answer/81126); Yahoo Sender Hub,
Sender best practices; Microsoft, Outlook's requirements for high-volume senders (enforced since May 2025).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.committed import REPOSITORY
from policies.document import facts
from policies.frameworks import GOOGLE, ITEMS
from policies.rules import RULES

DOCUMENT = "docs/compliance.md"
YAHOO = "Yahoo Sender best practices"
MICROSOFT = "Microsoft requirements for high-volume senders"
NOT_YET = "not built yet"

HEAD = """# Compliance

Generated from `policies/frameworks.py` and `policies/compliance.py` by `python -m policies.compliance`; do not edit.

What mailbox providers and hardening guides ask for, and what answers it. A rule answers an item by refusing, before a
deploy, what the item warns of; it proves nothing beyond the fields that it names. "Not built yet" is said where nothing
answers.
"""


@dataclass(frozen=True)
class Requirement:
    """What a framework asks for and no rule judges. `answer` is a file, or `NOT_YET`; `proof` a test's file."""

    framework: str
    item: str
    answer: str
    proof: str = ""


WITHOUT_RULE = (
    Requirement(GOOGLE, "SPF and DKIM, both for bulk senders", NOT_YET),
    Requirement(GOOGLE, "DMARC at p=none or stricter, From aligned with SPF or DKIM", NOT_YET),
    Requirement(GOOGLE, "TLS for every connection", NOT_YET),
    Requirement(GOOGLE, "messages as RFC 5322 has them", NOT_YET),
    Requirement(GOOGLE, "one-click unsubscribe (RFC 8058) in marketing mail", NOT_YET),
    Requirement(GOOGLE, "spam rate below 0.10 %, never 0.30 % or more", NOT_YET),
    Requirement(
        GOOGLE, "HELO is the address' own host name", "services/sender/postfix/render.py", "tests/sender/test_render.py"
    ),
    Requirement(YAHOO, "SPF, DKIM and DMARC, aligned", NOT_YET),
    Requirement(YAHOO, "one-click unsubscribe, honoured within two days", NOT_YET),
    Requirement(YAHOO, "spam rate below 0.3 %", NOT_YET),
    Requirement(MICROSOFT, "more than 5,000 messages a day: SPF, DKIM and DMARC pass, or 550 5.7.515", NOT_YET),
)
COLUMNS = "| item | answered by | decided from | proven by |\n| --- | --- | --- | --- |"


def page() -> str:
    """`docs/compliance.md`."""
    parts = [HEAD]
    for framework, rows in _rows().items():
        parts.append("\n".join([f"## {framework}", "", COLUMNS, *rows]))
    return "\n".join(parts) + "\n"


def _rows() -> dict[str, list[str]]:
    """By framework, its table's rows: those that rules answer first."""
    found = dict[str, list[str]]()
    for framework, item, row in sorted([*_answered_by_rules()], key=lambda one: (one[0], _order(one[1]))):
        found.setdefault(framework, []).append(f"| {item} | {row} |")
    for one in WITHOUT_RULE:
        answer = one.answer if one.answer == NOT_YET else f"`{one.answer}`"
        proof = f"`{one.proof}`" if one.proof else ""
        found.setdefault(one.framework, []).append(f"| {one.item} | {answer} |  | {proof} |")
    return found


def _answered_by_rules() -> Iterator[tuple[str, str, str]]:
    told = {rule.name: facts(rule) for rule in RULES}
    items = {item: [name for name, its in ITEMS.items() if item in its] for its in ITEMS.values() for item in its}
    for item, names in items.items():
        rules = ", ".join(f"[{name}](policies.md#{name})" for name in names)
        fields = [field for name in names for field in (*told[name]["decided_from"], *told[name]["judged_after_up"])]
        shown = "<br>".join(f"`{field}`" for field in dict.fromkeys(fields)) or "the type alone"
        proof = f"`pytest tests/policies -k '{' or '.join(names)}'`"
        yield item.framework, item.item, f"{rules} | {shown} | {proof}"


def _order(item: str) -> tuple[list[int], str]:
    """Numbered items by their numbers: 5.2.10 after 5.2.9."""
    number = item.split(" ")[0]
    return ([int(part) for part in number.split(".")] if number.replace(".", "").isdigit() else [], item)


if __name__ == "__main__":
    (REPOSITORY / DOCUMENT).write_text(page())
