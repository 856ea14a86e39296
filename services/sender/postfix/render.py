"""Postfix' configuration as text. Pure: settings go in, files come out."""

from __future__ import annotations

from services.sender.gate.backoff import STEP
from services.sender.settings import ADMISSION, FROM_HEADER, MAIL_LOG, SPOOL, Credentials, Settings

RUNTIME = "/run/warmlane"
CONFIG_DIRECTORY = f"{RUNTIME}/postfix"
DATA_DIRECTORY = f"{RUNTIME}/data"
SASL_DIRECTORY = f"{RUNTIME}/sasl"
SASL_DATABASE = f"{SASL_DIRECTORY}/sasldb2"
TLS_CERTIFICATE = f"{RUNTIME}/tls/certificate.pem"
TLS_KEY = f"{RUNTIME}/tls/key.pem"

MESSAGE_SIZE_LIMIT = 26_214_400
"""Bytes; 25 MiB, the largest message that the big providers take."""

POLICY_TIMEOUT = 10
"""Seconds that Postfix waits for an answer of the gate, which gives itself less (`services.sender.gate.admission`)."""
MILTER_TIMEOUT = 30
"""Seconds that Postfix waits for the check of header From."""
NO_GATE = "451 4.3.0 The gate does not answer; nothing passes unchecked."
MANY = 1_000_000_000
"""Errors of one session: a limit that nobody reaches."""

CONCURRENCY = 100
"""Deliveries to one destination at once that Postfix allows; the gate allows fewer."""

_MAIN = """\
# Rendered by warmlane-postfix; changes here are lost.
compatibility_level = 3.7
queue_directory = {spool}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
data_directory = {data}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {log}
# Rotated files keep their inode and content, so that a reader can finish them.
maillog_file_compressor = /bin/true
enable_long_queue_ids = yes

# Identity: the lane's name in banner, HELO and Received; the campaign's domain in addresses.
myhostname = {hostname}
mydomain = {domain}
myorigin = {domain}
smtp_helo_name = {hostname}
smtpd_banner = $myhostname ESMTP
inet_interfaces = all
inet_protocols = ipv4

# No mailbox lives here. What resolves to this host is refused, so that no notice and no forged recipient piles up.
mydestination =
relay_domains =
virtual_alias_domains =
virtual_mailbox_domains =
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:5.1.1 this host has no mailboxes
virtual_transport = error:5.1.1 this host has no mailboxes
relay_transport = error:5.7.1 this host relays for nobody
notify_classes =
biff = no
allow_percent_hack = no
swap_bangpath = no

# Submission: authenticated producers only. The loopback is trusted with nothing either. There is no pickup(8): mail
# that somebody puts into the spool by sendmail(1) would not be held.
mynetworks = 127.0.0.0/8
mynetworks_style = host
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtpd_tls_protocols = >=TLSv1.2
smtpd_tls_session_cache_database =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = {hostname}
smtpd_sasl_security_options = noanonymous
smtpd_helo_required = yes
smtpd_delay_reject = yes
strict_rfc821_envelopes = yes
disable_vrfy_command = yes
smtpd_forbid_bare_newline = normalize
smtpd_forbid_unauth_pipelining = yes
smtpd_null_access_lookup_key = <>
smtpd_sender_login_maps = texthash:{config}/sender_login
smtpd_sender_restrictions =
    reject_non_fqdn_sender,
    check_sender_access texthash:{config}/sender_access,
    reject_sender_login_mismatch
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions =
    reject_non_fqdn_recipient,
    check_recipient_access texthash:{config}/recipient_access,
    check_policy_service {{ inet:{admission}, timeout={policy_timeout}s, {{ default_action = {no_gate} }} }},
    permit_sasl_authenticated,
    reject
# Token, provider and signature belong to a recipient, so a message has one; further ones are answered 452 4.5.3.
smtpd_recipient_limit = 1
# A list full of refused recipients is what the gate is for, and no reason to slow an authenticated producer down.
smtpd_recipient_overshoot_limit = {many}
smtpd_soft_error_limit = {many}
smtpd_hard_error_limit = {many}
smtpd_junk_command_limit = {many}
smtpd_error_sleep_time = 0
# Whatever is accepted waits, with or without a gate; only the gate lets it go. At RCPT Postfix takes a bare
# <postmaster> from anybody and asks for no restriction (RFC 5321 4.5.1; seen), so it is asked for again.
smtpd_data_restrictions =
    check_client_access static:HOLD,
    reject_non_fqdn_recipient,
    reject_sender_login_mismatch,
    permit_sasl_authenticated,
    reject
# Header From. A null octet would end a header for the milter, and not for a reader.
smtpd_milters = inet:{from_header}
milter_default_action = tempfail
milter_connect_timeout = 5s
milter_command_timeout = {milter_timeout}s
milter_content_timeout = {milter_timeout}s
message_reject_characters = \\0
smtpd_discard_ehlo_keywords = etrn, silent-discard
fast_flush_domains =
message_size_limit = {size_limit}
queue_minfree = {minimum_free}
smtpd_client_connection_count_limit = 50
smtpd_timeout = 60s
smtpd_starttls_timeout = 30s
default_process_limit = {processes}
always_add_missing_headers = yes

# Delivery.
smtp_host_lookup = dns
smtp_address_preference = ipv4
smtp_tls_security_level = may
smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt
smtp_tls_session_cache_database = btree:${{data_directory}}/smtp_scache
smtp_connect_timeout = 10s
smtp_helo_timeout = 60s
smtp_mx_session_limit = 2
# Sessions are counted by what is on its way; one that is kept open afterwards would be one too many.
smtp_connection_cache_on_demand = no

# Pacing: the gate decides about every attempt, so nothing else here may make one, hold one back or give a message up.
queue_run_delay = {never}s
minimal_backoff_time = {never}s
maximal_backoff_time = {never}s
# A destination that Postfix calls dead stays so for minimal_backoff_time.
default_destination_concurrency_failed_cohort_limit = 0
default_destination_concurrency_limit = {concurrency}
initial_destination_concurrency = {concurrency}
maximal_queue_lifetime = 100d
bounce_queue_lifetime = 0
# What became of a message is told by the log; notices that Postfix makes itself go nowhere.
sender_dependent_default_transport_maps = inline:{{ {{ <> = discard:notices are not sent }} }}
"""

_SERVICES = """\
# Rendered by warmlane-postfix; changes here are lost.
smtp       inet  n  -  n  -     -  smtpd
cleanup    unix  n  -  n  -     0  cleanup
qmgr       unix  n  -  n  300   1  qmgr
tlsmgr     unix  -  -  n  1000? 1  tlsmgr
rewrite    unix  -  -  n  -     -  trivial-rewrite
bounce     unix  -  -  n  -     0  bounce
defer      unix  -  -  n  -     0  bounce
trace      unix  -  -  n  -     0  bounce
verify     unix  -  -  n  -     1  verify
flush      unix  n  -  n  1000? 0  flush
proxymap   unix  -  -  n  -     -  proxymap
proxywrite unix  -  -  n  -     1  proxymap
smtp       unix  -  -  n  -     -  smtp
showq      unix  n  -  n  -     -  showq
error      unix  -  -  n  -     -  error
retry      unix  -  -  n  -     -  error
discard    unix  -  -  n  -     -  discard
anvil      unix  -  -  n  -     1  anvil
scache     unix  -  -  n  -     1  scache
postlog    unix-dgram n - n -   1  postlogd
"""

_SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {database}
mech_list: PLAIN LOGIN
"""


def files(settings: Settings, credentials: Credentials, *, processes: int, draining: bool = False) -> dict[str, str]:
    """Postfix' configuration by absolute path.

    `processes` bounds each kind of Postfix' processes. `draining` takes port 25 away and leaves delivery running. No
    file holds the password: that is in the SASL database.
    """
    main = _MAIN.format(
        spool=SPOOL,
        data=DATA_DIRECTORY,
        log=MAIL_LOG,
        hostname=settings.hostname,
        domain=settings.sending_domain,
        certificate=TLS_CERTIFICATE,
        key=TLS_KEY,
        config=CONFIG_DIRECTORY,
        never=STEP,
        concurrency=CONCURRENCY,
        processes=processes,
        size_limit=MESSAGE_SIZE_LIMIT,
        admission=_endpoint(ADMISSION),
        from_header=_endpoint(FROM_HEADER),
        policy_timeout=POLICY_TIMEOUT,
        milter_timeout=MILTER_TIMEOUT,
        no_gate=NO_GATE,
        many=MANY,
        # Twice the largest message must be free, or the answer is 452 and the producer keeps its mail.
        minimum_free=2 * MESSAGE_SIZE_LIMIT,
    )
    if draining:
        main += "\nmaster_service_disable = inet\n"
    login = credentials.username
    return {
        f"{CONFIG_DIRECTORY}/main.cf": main,
        f"{CONFIG_DIRECTORY}/master.cf": _SERVICES,
        # Cyrus hands the name over with the realm where the client gave none.
        f"{CONFIG_DIRECTORY}/sender_login": f"@{settings.sending_domain} {login},{login}@{settings.hostname}\n",
        f"{CONFIG_DIRECTORY}/sender_access": "<> 550 5.7.1 a null sender is not for producers\n",
        f"{CONFIG_DIRECTORY}/recipient_access": f"{settings.hostname} 550 5.1.1 this host has no mailboxes\n",
        # Debian's Postfix looks here whatever cyrus_sasl_config_path says (seen).
        f"{CONFIG_DIRECTORY}/sasl/smtpd.conf": _SASL.format(database=SASL_DATABASE),
    }


def _endpoint(address: tuple[str, int]) -> str:
    host, port = address
    return f"{host}:{port}"
