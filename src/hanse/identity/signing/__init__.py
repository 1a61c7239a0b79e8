"""Ways to sign in, and what signing in gives: a session that can be revoked.

Each way is a module: `passwords` with `totp`, `passkeys`, `links`; identity providers are in
`hanse.identity.providers`. All end in `sessions.begin`.
"""
