"""One-click unsubscribe (RFC 8058): what the address in each message's List-Unsubscribe leads to."""
