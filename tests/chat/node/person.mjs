// Somebody who uses matrix-js-sdk, with a store in a file, so that they can go on where they were.
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createClient,
  EventType,
  MemoryStore,
  MsgType,
  SyncAccumulator,
} from 'matrix-js-sdk';
import { logger } from 'matrix-js-sdk/lib/logger.js';

const PATIENCE_MS = 60_000;
logger.setLevel('error');

// As the SDK's own store for browsers does it, which needs their database.
class FileStore extends MemoryStore {
  constructor(file) {
    super();
    this.file = file;
    this.accumulator = new SyncAccumulator();
    if (!fs.existsSync(file)) return;
    this.saved = JSON.parse(fs.readFileSync(file, 'utf8'));
    this.accumulator.accumulate({ next_batch: this.saved.nextBatch, rooms: this.saved.roomsData });
  }
  async setSyncData(data) {
    this.accumulator.accumulate(data);
  }
  wantsSave() {
    return true;
  }
  async save() {
    fs.writeFileSync(this.file, JSON.stringify(this.accumulator.getJSON(true)));
  }
  async getSavedSync() {
    return this.saved ?? null;
  }
  async getSavedSyncToken() {
    return this.saved?.nextBatch ?? null;
  }
}

export async function until(what, look) {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
    await sleep(20);
  }
  throw new Error(`It did not come: ${what}`);
}

export async function signIn(baseUrl, email, password) {
  const { access_token: accessToken, user_id: userId, device_id: deviceId } = await createClient({
    baseUrl,
  }).loginRequest({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: email },
    password,
  });
  return { accessToken, userId, deviceId };
}

// With threads apart, the SDK fails if what was sent into one arrives before the answer to sending.
export async function start(baseUrl, signedIn, file, threadSupport = false) {
  const client = createClient({ baseUrl, ...signedIn, store: new FileStore(file) });
  const syncs = [];
  const plain = client.http.authedRequest.bind(client.http);
  client.http.authedRequest = (method, path, query, ...more) => {
    if (path === '/sync') syncs.push(query.since ?? null);
    return plain(method, path, query, ...more);
  };
  await client.startClient({ threadSupport, pollTimeout: 5_000 });
  await until('the first sync', () => client.isInitialSyncComplete());
  return Object.assign(client, { syncs });
}

export const events = (client, room) => client.getRoom(room)?.getLiveTimeline().getEvents() ?? [];
export const find = (client, room, id) => client.getRoom(room)?.findEventById(id);
export const body = (client, room, id) => find(client, room, id)?.getContent().body;
export { EventType, MsgType };
