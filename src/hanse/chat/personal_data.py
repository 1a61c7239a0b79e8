"""What the chat keeps about people.

A log stays whole when somebody is erased: what they wrote was said to others and is theirs to read,
under an id that leads to nobody. The newest 64 MiB of somebody's files are in their archive, which
has a limit of its own; all are listed there.
"""

from typing import Final

from hanse.platform.personal_data import Erasing, Holding

holdings: Final = (
    Holding(
        name="chat/rooms",
        columns=("chat.members.member_id", "chat.rooms.created_by"),
        select="""
            select r.id, r.kind, r.name, r.created_by = $2 as is_maker, m.role, m.joined_at,
                m.read_number, m.reading, m.notifications
            from chat.rooms r
            left join chat.members m on m.room_id = r.id and m.member_id = $2
            where r.organisation_id = $1 and (m.member_id = $2 or r.created_by = $2) order by r.id
        """,
        erasing=(
            Erasing("delete from chat.members where organisation_id = $1 and member_id = $2"),
        ),
    ),
    Holding(
        name="chat/events",
        columns=("chat.events.sender_id",),
        select="""
            select room_id, number, kind, target, thread, topic, body, created_at
            from chat.events where organisation_id = $1 and sender_id = $2
            order by room_id, number
        """,
    ),
    Holding(
        name="chat/files",
        columns=("chat.files.uploader_id",),
        select="""
            select id, room_id, number, name, media_type, bytes, created_at
            from chat.files where organisation_id = $1 and uploader_id = $2 and not is_held
            order by id
        """,
        select_files="""
            select f.id || '/' || f.name as name,
                (select string_agg(p.data, ''::bytea order by p.place)
                    from chat.file_parts p where p.file_id = f.id) as content
            from (
                select id, name, sum(bytes) over (order by id desc) as bytes_so_far
                from chat.files where organisation_id = $1 and uploader_id = $2 and not is_held
            ) as f where f.bytes_so_far <= 67108864 order by f.id desc
        """,
        erasing=(
            Erasing(
                "delete from chat.files "
                "where organisation_id = $1 and uploader_id = $2 and number is null"
            ),
        ),
    ),
    Holding(
        # Kept when somebody is erased: the same history brought in again leads to nobody again.
        name="chat/imports",
        columns=("chat.imported_people.person_id",),
        select="""
            select source from chat.imported_people
            where organisation_id = $1 and person_id = $2 order by source
        """,
    ),
    Holding(
        name="chat/mutes",
        columns=("chat.mutes.member_id",),
        select="""
            select room_id, muted_until
            from chat.mutes where organisation_id = $1 and member_id = $2 order by room_id
        """,
        erasing=(Erasing("delete from chat.mutes where organisation_id = $1 and member_id = $2"),),
    ),
    Holding(
        name="chat/mentions",
        columns=("chat.mentions.member_id",),
        select="""
            select room_id, number
            from chat.mentions where organisation_id = $1 and member_id = $2
            order by room_id, number
        """,
        erasing=(
            Erasing("delete from chat.mentions where organisation_id = $1 and member_id = $2"),
        ),
    ),
    Holding(
        name="chat/programs",
        columns=("chat.programs.created_by", "chat.program_versions.created_by"),
        select="""
            select p.id, p.room_id, p.name, v.number, v.source, v.created_at
            from chat.programs p
            left join chat.program_versions v on v.program_id = p.id and v.created_by = $2
            where p.organisation_id = $1 and (p.created_by = $2 or v.created_by = $2)
            order by p.id, v.number
        """,
    ),
    Holding(
        name="chat/drafts",
        columns=("chat.drafts.member_id",),
        select="""
            select room_id, topic, thread, text, version
            from chat.drafts where organisation_id = $1 and member_id = $2
            order by room_id, topic, thread
        """,
        erasing=(Erasing("delete from chat.drafts where organisation_id = $1 and member_id = $2"),),
    ),
    Holding(
        name="chat/saved",
        columns=("chat.saved.member_id",),
        select="""
            select room_id, number, saved_at, remind_at
            from chat.saved where organisation_id = $1 and member_id = $2
            order by saved_at, room_id, number
        """,
        erasing=(Erasing("delete from chat.saved where organisation_id = $1 and member_id = $2"),),
    ),
    Holding(
        name="chat/matrix_account_data",
        columns=("chat.matrix_account_data.member_id",),
        select="""
            select room_id, type, content, changed_at
            from chat.matrix_account_data where organisation_id = $1 and member_id = $2
            order by room_id, type
        """,
        erasing=(
            Erasing(
                "delete from chat.matrix_account_data where organisation_id = $1 and member_id = $2"
            ),
        ),
    ),
    # Nobody learns from their archive that they are under a hold, or who reported them.
    Holding(
        name="chat/holds",
        columns=("chat.holds.person_id", "chat.holds.created_by", "chat.holds.released_by"),
    ),
    Holding(
        name="chat/reports",
        columns=(
            "chat.reports.reporter_id",
            "chat.reports.sender_id",
            "chat.reports.decided_by",
        ),
        select="""
            select room_id, number, reason, note, created_at, decision, decided_at
            from chat.reports where organisation_id = $1 and reporter_id = $2 order by id
        """,
    ),
    Holding(
        name="chat/bans",
        columns=("chat.bans.member_id",),
        select="""
            select room_id, banned_at
            from chat.bans where organisation_id = $1 and member_id = $2 order by room_id
        """,
        erasing=(Erasing("delete from chat.bans where organisation_id = $1 and member_id = $2"),),
    ),
    Holding(
        name="chat/bots",
        columns=("chat.bots.created_by",),
        select="""
            select id, room_id, created_at
            from chat.bots where organisation_id = $1 and created_by = $2 order by id
        """,
    ),
)
