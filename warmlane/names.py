"""Every name that is derived from a campaign, lane or environment id.

What must differ between campaigns is a pure function of an id, so that one stack's policy run can judge it without
seeing the others. The longest id is set by the longest derived name: a pod of `email-sender-campaign-<id>` carries a
10-character ReplicaSet hash and a 5-character suffix, and its host name is cut at 63 characters (RFC 1123 label;
Kubernetes' limit), which would make two replicas look alike.
"""

from __future__ import annotations

DNS_LABEL_LENGTH = 63
POD_SUFFIX_LENGTH = len("-0123456789-01234")
DEPLOYMENT_PREFIX = "email-sender-campaign-"
SERVICE_PREFIX = "email-sender-service-"
SIBLINGS_PREFIX = "email-sender-siblings-"
APP_PREFIX = "email-sender-"
NAMESPACE_PREFIX = "campaign-"

ID_LENGTH = DNS_LABEL_LENGTH - len(DEPLOYMENT_PREFIX) - POD_SUFFIX_LENGTH
"""The longest campaign or lane id, in characters (24)."""

ID_PATTERN = r"^[a-z]([a-z0-9-]*[a-z0-9])?$"
"""A DNS label (RFC 1123) that starts with a letter, as Kubernetes Services ask (RFC 1035)."""

ENVIRONMENT_PROJECT = "warmlane"
CAMPAIGN_PROJECT = "warmlane-campaigns"

PLATFORM_NAMESPACE = "warmlane-platform"
MONITORING_NAMESPACE = "warmlane-monitoring"
SCRAPE_JOB = "email_senders"

DEFAULT_DENY_POLICY = "default-deny"
SMTP_EGRESS_POLICY = "smtp-egress"
SENDER_CONFIG_MAP = "sender-config"
SENDER_IDENTITY_CONFIG_MAP = "sender-identity"
SUBMISSION_SECRET = "sender-submission"
SENDER_STORE_SECRET = "sender-store"
SENDER_HOLD_CONFIG_MAP = "sender-hold"
EXPORTED_CLAIM = "sender-exported"
"""The claim on which a campaign's pods without a sibling leave their queue."""
SPOOL_CLAIM = "spool"
"""The volume of a pod's queue, and the template of its claim where it has one of its own."""
SENDER_SERVICE_ACCOUNT = "email-sender"
LEASE_TABLE_CONFIG_MAP = "lease-table"
LANE_HISTORY_CONFIG_MAP = "lane-history"
STORE = "store"
STORE_SECRET = "store-superuser"
STORE_ROLES_SECRET = "store-roles"
SUPPRESSION_KEYS_SECRET = "store-suppression-keys"
STORE_HOST = f"{STORE}.{PLATFORM_NAMESPACE}.svc"
"""The DNS name under which senders reach the store."""
STORE_PORT = 5432
STORE_DATABASE = "warmlane"

SMTP_PORT = 25
METRICS_PORT = 9100
UNSUBSCRIBE_PORT = 8080
SIBLINGS_PORT = 8026
"""Where the gate takes what a sibling that stops hands over."""


def namespace(campaign: str) -> str:
    """The namespace that holds everything of a campaign."""
    return NAMESPACE_PREFIX + campaign


def deployment(campaign: str) -> str:
    """The sender's Deployment, as the origin names it, or its StatefulSet."""
    return DEPLOYMENT_PREFIX + campaign


def service(campaign: str) -> str:
    """The sender's Service, as the origin names it."""
    return SERVICE_PREFIX + campaign


def siblings(campaign: str) -> str:
    """The Service without an address by which a campaign's sender pods find one another."""
    return SIBLINGS_PREFIX + campaign


def app(campaign: str) -> str:
    """The value of the `app` label, as the origin names it."""
    return APP_PREFIX + campaign


def service_host(campaign: str) -> str:
    """The DNS name under which producers inside the cluster reach the sender."""
    return f"{service(campaign)}.{namespace(campaign)}.svc"


def siblings_host(campaign: str) -> str:
    """The DNS name that tells the addresses of the sender's ready pods."""
    return f"{siblings(campaign)}.{namespace(campaign)}.svc"


def lane_host(lane: str, domain: str) -> str:
    """The host name of a lane's address: its A record, its PTR and the sender's HELO name."""
    return f"{lane}.{domain}"


def submission_user(campaign: str) -> str:
    """The SASL user name with which a campaign's producers submit."""
    return campaign


def campaign_stack(campaign: str, environment: str) -> str:
    """The Pulumi stack of a campaign in an environment: `<campaign>.<environment>`."""
    return f"{campaign}.{environment}"
