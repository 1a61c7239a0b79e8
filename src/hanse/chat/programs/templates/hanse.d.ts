// Written by `hanse program types`. Put it beside your program, and before onEvent:
//   /** @type {import("./hanse").Handler<State>} */

/** `state` left out: it stays as it was. */
export interface Answer<State> {
  state?: State;
  effects?: Effect[];
}

/** What a program exports as onEvent. It answers at once; nothing but its state is kept. */
export type Handler<State> = (event: Event, state: State) => Answer<State> | void;

export type Effect = Post | Edit | React | Card | Timer | Http | Translate | Delete | Moderate;

/**
 * One entry of the room's log. Numbers are dense from 1.
 *
 * `target` is the message that it concerns, `thread` the one that a message answers. Fields that
 * are left out have their default. The clock of the program stands at `created_at`.
 */
export interface Event {
  room_id: string;
  number: number;
  sender_id: string;
  kind: "message" | "edit" | "delete" | "reaction" | "pin" | "topic" | "members" | "room" | "press" | "timer" | "http" | "translation" | "program";
  created_at: string;
  body: Body;
  target?: number | null;
  thread?: number | null;
  topic?: string | null;
}

/**
 * What an event says; each kind has its own fields, the others stay empty.
 *
 * message: `text`, `mentions`, `groups`, `to_all`, `to_here` (to those who had the chat open),
 * `files`, `username` (the name that a bot gave itself for this message). edit: the same,
 * without `files` and `username`. reaction: `emoji`, `on`. pin: `on`. members: `members`,
 * `role` (None: they left). room: `name`, `description`, `is_archived`. topic, without a
 * target: `from_topic`, all of whose messages move, or those from number `since` on; or
 * `is_resolved`, which marks the topic or not.
 *
 * `program_id` says whose it is: of a program's message or edit, which may have a `card`, of what
 * comes of its effects, and of presses. press: `key` of the card, `button`, `values` of its
 * fields. timer: `key`. http: `key`, `status` (0: no answer), `text`. translation: `key`, `text`,
 * `language` (None: it was not translated). program: `name`, `version` that runs from here on
 * (None: none does), `is_reset` if it begins with its initial state; `since` if it stood still
 * from an earlier number on.
 */
export interface Body {
  text?: string;
  mentions?: string[];
  groups?: string[];
  to_all?: boolean;
  to_here?: boolean;
  files?: File[];
  emoji?: string | null;
  on?: boolean;
  members?: string[];
  role?: "owner" | "moderator" | "member" | "reader" | null;
  name?: string | null;
  description?: string | null;
  is_archived?: boolean | null;
  program_id?: string | null;
  card?: CardBody | null;
  key?: string | null;
  button?: string | null;
  values?: Record<string, string>;
  status?: number | null;
  language?: string | null;
  version?: number | null;
  is_reset?: boolean;
  since?: number | null;
  username?: string | null;
  from_topic?: string | null;
  is_resolved?: boolean | null;
}

/**
 * A file as its room knows it.
 *
 * `media_type` follows from its content. `width` and `height`, in pixels as it is shown, are those
 * of an image, or of a PDF's first page; a file that has them has a thumbnail.
 */
export interface File {
  id: string;
  name: string;
  media_type: string;
  bytes: number;
  width?: number | null;
  height?: number | null;
}

/** What a card shows: a title, a text, the fields of a form, and buttons. */
export interface CardBody {
  /** 1 to 80 characters. */
  title: string;
  /** 0 to 15000 characters. */
  text?: string;
  /** 0 to 20 of them. */
  fields?: Field[];
  /** 0 to 20 of them. */
  buttons?: Button[];
}

/** A field of a card's form; its value comes with every press, as text. */
export interface Field {
  /** 1 to 64 characters. */
  name: string;
  /** 1 to 80 characters. */
  label: string;
  kind?: "choice" | "date" | "lines" | "number" | "text";
  /** 0 to 50 of them. */
  choices?: string[];
  is_required?: boolean;
}

/** A button of a card; whoever presses it sends a `press` with its name. */
export interface Button {
  /** 1 to 64 characters. */
  name: string;
  /** 1 to 80 characters. */
  label: string;
}

/** Post a message in the name of the program; `key` is what it is edited by later. */
export interface Post {
  type: "post";
  /** 1 to 20000 characters. */
  text: string;
  /** 1 to 64 characters. */
  key?: string | null;
  /** 1 to 9007199254740991. */
  thread?: number | null;
  /** 1 to 100 characters. */
  topic?: string | null;
}

/** Give the program's own message of this key another text. */
export interface Edit {
  type: "edit";
  /** 1 to 64 characters. */
  key: string;
  /** 1 to 20000 characters. */
  text: string;
}

/** React to a message, or no longer (`on: false`). */
export interface React {
  type: "react";
  /** 1 to 9007199254740991. */
  target: number;
  /** 1 to 64 characters. */
  emoji: string;
  on?: boolean;
}

/** Show a card with buttons and a form, or another one in place of that of the same key. */
export interface Card {
  type: "card";
  /** 1 to 64 characters. */
  key: string;
  /** 1 to 80 characters. */
  title: string;
  /** 0 to 15000 characters. */
  text?: string;
  /** 0 to 20 of them. */
  fields?: Field[];
  /** 0 to 20 of them. */
  buttons?: Button[];
}

/** Be called at a time (RFC 3339, with its zone); without one, the timer of the key is off. */
export interface Timer {
  type: "timer";
  /** 1 to 64 characters. */
  key: string;
  at?: string | null;
}

/** Ask a server that the room allows; its answer is an `http` event of the same key. */
export interface Http {
  type: "http";
  /** 1 to 64 characters. */
  key: string;
  /** 0 to 2000 characters. */
  url: string;
  method?: "DELETE" | "GET" | "PATCH" | "POST" | "PUT";
  /** 0 to 20 of them. */
  headers?: Record<string, string>;
  /** 0 to 20000 characters. */
  body?: string;
}

/** Have a text translated; it comes as a `translation` event of the same key. */
export interface Translate {
  type: "translate";
  /** 1 to 64 characters. */
  key: string;
  /** 1 to 20000 characters. */
  text: string;
  /** 2 to 35 characters. */
  to: string;
}

/** Take a message away, whoever sent it: a moment after it came, for the program saw it. */
export interface Delete {
  type: "delete";
  /** 1 to 9007199254740991. */
  target: number;
}

/**
 * Let these rules hold of messages and edits before they are appended, instead of the last.
 *
 * They end with the version that set them; `rules` left out, nothing holds any more.
 */
export interface Moderate {
  type: "moderate";
  rules?: Rules;
}

/**
 * What holds of messages and edits in a room; all of it left out, nothing does.
 *
 * `words` are words or phrases that nobody writes, whole ones unless `*` stands before or behind;
 * case and width make no difference. All else is for whoever is below a moderator: `links` are the
 * hosts, with those below them, to which links may lead (null: any, empty: none), `slow_s` the
 * seconds between two messages of one person, `max_characters` the length of a message, and `who`
 * says who writes at all. Whoever is refused reads the `reason`, too.
 */
export interface Rules {
  /** 0 to 500 of them. */
  words?: string[];
  /** 0 to 100 of them. */
  links?: string[] | null;
  /** 0 to 86400. */
  slow_s?: number;
  who?: "everybody" | "moderators";
  /** 1 to 20000. */
  max_characters?: number | null;
  /** 0 to 200 characters. */
  reason?: string;
}
