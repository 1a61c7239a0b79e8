-- `topic` is where a message stands; the log keeps where it was sent: what happens to a topic as a
-- whole depends on what stood in it before. See docs/decisions/0095-topics-as-a-whole.md.
alter table chat.events
    add column is_moved boolean not null default false,
    add column sent_topic text;
create index events_whole_topics on chat.events (room_id, number)
    where kind = 'topic' and target is null;
