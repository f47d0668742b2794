"""The options of a push in words: `{% for label, value in broadcast.push_options|in_words %}`."""

from __future__ import annotations

from django import template

from dashboard import push_options

register = template.Library()
register.filter(push_options.in_words)
