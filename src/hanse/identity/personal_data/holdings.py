"""What identity keeps about people."""

from typing import Final

from hanse.platform.personal_data import Erasing, Holding


def _forget(table: str) -> tuple[Erasing, ...]:
    return (
        Erasing(f"delete from identity.{table} where organisation_id = $1 and person_id = $2"),  # noqa: S608
    )


holdings: Final = (
    Holding(
        name="identity/person",
        columns=("identity.people.id",),
        select="""
            select id, email, name, role, locale, time_zone, languages, status, created_at,
                photo_at, user_name, external_id, profile
            from identity.people where organisation_id = $1 and id = $2
        """,
    ),
    Holding(
        name="identity/photo",
        columns=("identity.photos.person_id",),
        select_files="""
            select 'photo.webp' as name, image as content
            from identity.photos where organisation_id = $1 and person_id = $2
        """,
        erasing=_forget("photos"),
    ),
    # What the directory finds a person by: parts of the name and the address.
    Holding(
        name="identity/directory",
        columns=("identity.people_terms.person_id",),
        erasing=_forget("people_terms"),
    ),
    Holding(
        name="identity/groups",
        columns=("identity.group_members.person_id",),
        select="""
            select g.id, g.name, m.is_manager, m.created_at
            from identity.group_members m join identity.groups g on g.id = m.group_id
            where m.organisation_id = $1 and m.person_id = $2 order by g.id
        """,
        erasing=_forget("group_members"),
    ),
    Holding(
        name="identity/sessions",
        columns=("identity.sessions.person_id",),
        select="""
            select id, method, address, user_agent, created_at, last_seen_at, expires_at, revoked_at
            from identity.sessions where organisation_id = $1 and person_id = $2 order by id
        """,
        erasing=_forget("sessions"),
    ),
    Holding(
        name="identity/sign_in_links",
        columns=("identity.sign_in_links.person_id",),
        select="""
            select id, created_at, expires_at, used_at
            from identity.sign_in_links where organisation_id = $1 and person_id = $2 order by id
        """,
        erasing=_forget("sign_in_links"),
    ),
    Holding(
        name="identity/password",
        columns=("identity.passwords.person_id",),
        select="""
            select changed_at from identity.passwords where organisation_id = $1 and person_id = $2
        """,
        erasing=_forget("passwords"),
    ),
    Holding(
        name="identity/authenticator_app",
        columns=("identity.totp.person_id",),
        select="""
            select confirmed_at from identity.totp where organisation_id = $1 and person_id = $2
        """,
        erasing=_forget("totp"),
    ),
    Holding(
        name="identity/recovery_codes",
        columns=("identity.recovery_codes.person_id",),
        select="""
            select used_at from identity.recovery_codes
            where organisation_id = $1 and person_id = $2
        """,
        erasing=_forget("recovery_codes"),
    ),
    Holding(
        name="identity/passkeys",
        columns=("identity.passkeys.person_id",),
        select="""
            select id, name, transports, created_at, last_used_at
            from identity.passkeys where organisation_id = $1 and person_id = $2 order by id
        """,
        erasing=_forget("passkeys"),
    ),
    Holding(
        name="identity/identities",
        columns=("identity.identities.person_id",),
        select="""
            select p.name as provider, p.issuer, i.subject, i.created_at
            from identity.identities i join identity.identity_providers p on p.id = i.provider_id
            where i.organisation_id = $1 and i.person_id = $2 order by i.created_at
        """,
        erasing=_forget("identities"),
    ),
    # The keys are the organisation's; who made one stays known by id.
    Holding(
        name="identity/api_keys",
        columns=("identity.api_keys.created_by",),
        select="""
            select id, name, scopes, created_at, expires_at, revoked_at, last_used_at
            from identity.api_keys where organisation_id = $1 and created_by = $2 order by id
        """,
    ),
    Holding(
        name="identity/webhooks",
        columns=("identity.webhooks.created_by",),
        select="""
            select id, description, event_types, active, created_at
            from identity.webhooks where organisation_id = $1 and created_by = $2 order by id
        """,
    ),
    # What others are called, and what was done to them, is theirs.
    Holding(
        name="identity/audit_events",
        columns=("identity.audit_events.actor_id", "identity.audit_events.target_id"),
        select="""
            select id, at, actor_id, action, target_kind, target_id,
                case when actor_id = $2 then address end as address,
                case when actor_id = $2 then user_agent end as user_agent,
                case when target_id = $2 then details end as details
            from identity.audit_events
            where organisation_id = $1 and (actor_id = $2 or target_id = $2) order by id
        """,
        erasing=(Erasing("select identity.forget_in_audit_log($1, $2)"),),
    ),
    Holding(
        name="identity/exports",
        columns=(
            "identity.personal_exports.person_id",
            "identity.personal_exports.requested_by",
        ),
        select="""
            select id, person_id, status, bytes, created_at, finished_at, expires_at
            from identity.personal_exports
            where organisation_id = $1 and (person_id = $2 or requested_by = $2) order by id
        """,
        erasing=_forget("personal_exports"),
    ),
    Holding(
        name="identity/erasures",
        columns=("identity.erasures.person_id", "identity.erasures.requested_by"),
        select="""
            select person_id, requested_at, completed_at
            from identity.erasures where organisation_id = $1 and requested_by = $2
            order by requested_at
        """,
    ),
    Holding(
        name="identity/notifications",
        columns=("identity.notifications.person_id", "identity.inboxes.person_id"),
        select="""
            select id, kind, facts, link, count, created_at, updated_at, read_at
            from identity.notifications where organisation_id = $1 and person_id = $2 order by id
        """,
        erasing=(*_forget("notifications"), *_forget("inboxes")),
    ),
    Holding(
        name="identity/notification_choices",
        columns=("identity.notification_choices.person_id",),
        select="""
            select kind, in_app, email, push
            from identity.notification_choices
            where organisation_id = $1 and person_id = $2 order by kind
        """,
        erasing=_forget("notification_choices"),
    ),
    Holding(
        name="identity/notification_habits",
        columns=("identity.notification_habits.person_id",),
        select="""
            select quiet_start, quiet_end, daily_hour, do_not_disturb_until
            from identity.notification_habits where organisation_id = $1 and person_id = $2
        """,
        erasing=_forget("notification_habits"),
    ),
    Holding(
        name="identity/notification_deliveries",
        columns=("identity.notification_deliveries.person_id",),
        select="""
            select id, notification_id, channel, digest, due_at, state, settled_at
            from identity.notification_deliveries
            where organisation_id = $1 and person_id = $2 order by id
        """,
        erasing=_forget("notification_deliveries"),
    ),
    # The address and keys of a browser are as good as a password to it.
    Holding(
        name="identity/push_subscriptions",
        columns=("identity.push_subscriptions.person_id",),
        select="""
            select id, service, user_agent, created_at
            from identity.push_subscriptions
            where organisation_id = $1 and person_id = $2 order by id
        """,
        erasing=_forget("push_subscriptions"),
    ),
)
