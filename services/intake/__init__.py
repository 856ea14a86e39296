"""The intake: takes what comes back by mail, books bounces and complaints, and sends nothing."""
