"""Notifications: one inbox a person, and what leaves it by e-mail and web push.

Systems only announce (`service.notify`); `rules` decides what goes out when, `sending` sends it,
`live` tells browsers at once. See docs/decisions/0048-notifications-are-announced.md.
"""
