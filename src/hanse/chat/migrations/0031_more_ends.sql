-- What programs were told and what reports copied ends with the messages of its age, too: see
-- docs/decisions/0064-how-long-messages-are-kept.md.
create index reports_said on chat.reports (room_id, number) where said <> '';

-- Rooms that the job has passed without looking at these are gone through again.
do $$
declare
    each text;
begin
    foreach each in array array['heads', 'events', 'reports'] loop
        execute format('alter table chat.%I no force row level security', each);
    end loop;
    update chat.heads h set expired_number = 0
    where h.expired_number > 0 and (
        exists (select from chat.events e where e.room_id = h.room_id
            and e.kind in ('http', 'translation') and e.number <= h.expired_number)
        or exists (select from chat.reports r where r.room_id = h.room_id
            and r.said <> '' and r.number <= h.expired_number)
    );
    foreach each in array array['heads', 'events', 'reports'] loop
        execute format('alter table chat.%I force row level security', each);
    end loop;
end
$$;
