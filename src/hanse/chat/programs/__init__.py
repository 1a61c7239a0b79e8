"""Rooms as programs: JavaScript or Lua that is fed a room's log and answers with state and effects.

`guests` are the languages, `sandbox` runs one event, `effects` says what may come of it,
`reduction` keeps a room's state, `replay` compares runs, and `typescript` writes the types for
authors. `templates/` has programs.
"""
