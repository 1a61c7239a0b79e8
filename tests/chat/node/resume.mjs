// Rui comes back after `talk.mjs`, with what he kept; prints what he saw.
// Arguments: the server's address, and the folder that he kept it in.
import fs from 'node:fs';
import path from 'node:path';
import { events, start, until } from './person.mjs';

const [url, folder] = process.argv.slice(2);
const { room, rui: signedIn } = JSON.parse(fs.readFileSync(path.join(folder, 'talk.json')));
const file = path.join(folder, 'rui.json');
const kept = JSON.parse(fs.readFileSync(file)).nextBatch;
const rui = await start(url, signedIn, file);
const written = () =>
  events(rui, room)
    .filter((each) => each.getType() === 'm.room.message' && !each.isRelation('m.replace'))
    .map((each) => each.getOriginalContent().body);
await until('what was said meanwhile', () => written().includes('Zagreb'));
console.log(JSON.stringify({ resumed: rui.syncs[0] === kept, messages: written() }));
process.exit();
