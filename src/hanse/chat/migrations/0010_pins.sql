-- What is pinned is found without reading the room's log.
create index events_pins on chat.events (room_id, target, number) where kind = 'pin';
