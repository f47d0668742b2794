"""django-notifications-hq, beside which telling many people is measured: in an environment of its own."""
