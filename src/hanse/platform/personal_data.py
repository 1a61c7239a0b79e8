"""What systems keep about people: each registers its holdings.

So one archive can hold all that there is about a person, and an erasure reaches all of it.

A column that names a person and is in no holding fails a test.
"""

from msgspec import Struct


class Erasing(Struct, frozen=True):
    """A statement that forgets somebody: `$1` is the organisation, `$2` the person.

    With `rows_max` it takes that as `$3`, touches as many rows at most, and is run until it touches
    fewer. It may run again at any time.
    """

    sql: str
    rows_max: int | None = None


class Holding(Struct, frozen=True, kw_only=True):
    """One kind of data about a person, in `name`, such as `identity/sessions`.

    `columns` (`schema.table.column`) are those that name the person. `select` gives the rows that
    the archive shows as `name.json`, without secrets; `select_files` gives files, as name and
    content. Both take the organisation as `$1` and the person as `$2`. What `erasing` leaves is
    what others' records need, under an id that no longer leads to anybody.
    """

    name: str
    columns: tuple[str, ...]
    select: str | None = None
    select_files: str | None = None
    erasing: tuple[Erasing, ...] = ()
