// Two people talk by matrix-js-sdk, Iva in English and Rui in Portuguese; prints what they saw.
// Arguments: the server's address, their password, her address, his address, a folder to keep in.
import fs from 'node:fs';
import path from 'node:path';
import { body, EventType, find, MsgType, signIn, start, until } from './person.mjs';

const [url, password, ivaEmail, ruiEmail, folder] = process.argv.slice(2);
const text = (said, more = {}) => ({ msgtype: MsgType.Text, body: said, ...more });
const seen = {};

const signedIn = {
  iva: await signIn(url, ivaEmail, password),
  rui: await signIn(url, ruiEmail, password),
};
const iva = await start(url, signedIn.iva, path.join(folder, 'iva.json'), true);
const rui = await start(url, signedIn.rui, path.join(folder, 'rui.json'));

const { room_id: room } = await iva.createRoom({ name: 'Quay', invite: [rui.getUserId()] });
await until('the room', () => rui.getRoom(room)?.getMember(iva.getUserId()));
seen.name = rui.getRoom(room).name;
seen.members = rui.getRoom(room).getJoinedMembers().length;

const { event_id: house } = await iva.sendMessage(room, text('The house stands by the river.'));
seen.translated = await until('the translation', () => {
  const now = body(rui, room, house);
  return now?.toLowerCase().includes('casa') && now;
});
seen.original = body(iva, room, house);

const { event_id: note } = await iva.sendMessage(room, text('1024'));
await until('the note', () => find(rui, room, note));
await iva.sendMessage(
  room,
  text('* 2048', {
    'm.new_content': text('2048'),
    'm.relates_to': { rel_type: 'm.replace', event_id: note },
  }),
);
seen.edited = await until('the edit', () => body(rui, room, note) === '2048' && '2048');

const reactions = (client) =>
  client
    .getRoom(room)
    .relations.getChildEventsForEvent(note, 'm.annotation', EventType.Reaction)
    ?.getSortedAnnotationsByKey()
    ?.map(([key, all]) => [key, all.size])
    .filter(([, size]) => size) ?? [];
const { event_id: reaction } = await rui.sendEvent(room, EventType.Reaction, {
  'm.relates_to': { rel_type: 'm.annotation', event_id: note, key: '👍' },
});
seen.reactions = await until('the reaction', () => reactions(iva).length && reactions(iva));
await rui.redactEvent(room, reaction);
await until('the reaction to be gone', () => reactions(iva).length === 0);

const { event_id: answer } = await rui.sendMessage(
  room,
  text('Zug', { 'm.relates_to': { rel_type: 'm.thread', event_id: note } }),
);
seen.answer = await until(
  'the answer',
  () => iva.getRoom(room).getThread(note)?.findEventById(answer)?.getContent().body,
);

await rui.sendTyping(room, true, 4_000);
await until('that he writes', () => iva.getRoom(room).getMember(rui.getUserId()).typing);
await rui.sendReadReceipt(find(rui, room, note));
seen.read = await until('the receipt', () => {
  const upTo = iva.getRoom(room).getEventReadUpTo(rui.getUserId(), true);
  return upTo && find(iva, room, upTo)?.getContent().body;
});
await until('that he has read all', () => rui.getRoom(room).getUnreadNotificationCount() === 0);

const { content_uri: file } = await rui.uploadContent(Buffer.from('Bacalhau'), {
  name: 'menu.txt',
  type: 'text/plain',
});
const { event_id: menu } = await rui.sendMessage(room, {
  msgtype: MsgType.File,
  body: 'menu.txt',
  url: file,
});
const got = await until('the file', () => find(iva, room, menu)?.getContent().url);
const download = iva.mxcUrlToHttp(got, undefined, undefined, undefined, false, true, true);
const headers = { Authorization: `Bearer ${iva.getAccessToken()}` };
seen.file = await (await fetch(download, { headers })).text();

const { event_id: slip } = await iva.sendMessage(room, text('Oops'));
await until('the slip', () => find(rui, room, slip));
await iva.redactEvent(room, slip);
seen.redacted = await until('the redaction', () => find(rui, room, slip).isRedacted());

await iva.logout(true);
seen.afterLogout = await iva.whoami().catch((error) => error.errcode);
rui.stopClient();
await rui.store.save();
fs.writeFileSync(path.join(folder, 'talk.json'), JSON.stringify({ room, rui: signedIn.rui }));
console.log(JSON.stringify({ ...seen, room }));
process.exit();
