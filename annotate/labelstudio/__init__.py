"""Label Studio behind one adapter: what it shows, what it is sent, what comes back, and how it is started."""
