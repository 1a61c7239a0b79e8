// A glossary: "quay = cais" keeps a translation, "quay?" asks for it, "quay =" takes it out, and
// "/glossary" lists all. A term that nobody has told yet is translated by machine; the program must
// be allowed to have texts translated.

// What you may change:

/** The language that terms are translated into: "pt", "de", "en" ... */
const INTO = "pt";
/** Questions of more words are none for the glossary. With 0, no unknown term is translated. */
const WORDS_MAX = 3;

/**
 * @typedef {{ term: string, translation: string, by: string }} Entry
 * @typedef {{
 *   entries: Record<string, Entry>,
 *   asked: Record<string, { term: string, thread: number }>,
 * }} State
 */

// A state has 64 KiB, and a character of most scripts up to three bytes.
const ENTRIES_CHARACTERS_MAX = 20_000;
const ASKED_MAX = 20;

/** @type {State} */
export const initialState = { entries: {}, asked: {} };

/** @type {import("./hanse").Handler<State>} */
export function onEvent(event, state) {
  if (event.kind === "translation") return translated(event, state);
  if (event.kind !== "message") return;
  const text = (event.body.text ?? "").trim();
  if (text === "/glossary") return list(event, state);
  const [, told, translation] = /^([^=?\n]{1,60}?)\s+=(?:\s+([^=\n]{1,120}))?$/.exec(text) ?? [];
  if (told) return translation ? keep(event, state, told, translation) : forget(event, state, told);
  const [, asked] = /^([^=?\n]{1,60}?)\s*\?$/.exec(text) ?? [];
  if (asked) return answer(event, state, asked);
}

/** @returns {import("./hanse").Answer<State>} */
function keep(event, state, term, translation) {
  const before = known(state, term);
  const entry = { term, translation, by: event.sender_id };
  const entries = { ...state.entries, [keyOf(term)]: entry };
  if (JSON.stringify(entries).length > ENTRIES_CHARACTERS_MAX)
    return reply(event, "The glossary is full: take something out first (“term =”).");
  /** @type {import("./hanse").Effect[]} */
  const effects = [{ type: "react", target: event.number, emoji: "📖" }];
  if (before && before.translation !== translation)
    effects.push(post(event, `It was “${before.translation}” until now, by <@${before.by}>.`));
  return { state: { ...state, entries }, effects };
}

/** @returns {import("./hanse").Answer<State>} */
function forget(event, state, term) {
  if (!known(state, term)) return reply(event, `The glossary does not have “${term}”.`);
  const { [keyOf(term)]: _, ...entries } = state.entries;
  return { state: { ...state, entries }, effects: [{ type: "react", target: event.number, emoji: "🗑️" }] };
}

/** @returns {import("./hanse").Answer<State> | void} */
function answer(event, state, term) {
  const entry = known(state, term);
  if (entry) return reply(event, `${entry.term} = ${entry.translation}`);
  if (term.split(/\s+/).length > WORDS_MAX) return;
  const key = String(event.number);
  const rest = Object.entries(state.asked).slice(1 - ASKED_MAX);
  const asked = Object.fromEntries([...rest, [key, { term, thread: threadOf(event) }]]);
  return { state: { ...state, asked }, effects: [{ type: "translate", key, text: term, to: INTO }] };
}

/** @returns {import("./hanse").Answer<State> | void} */
function translated(event, state) {
  const key = event.body.key ?? "";
  if (!Object.hasOwn(state.asked, key)) return;
  const { [key]: question, ...asked } = state.asked;
  const { term, thread } = question;
  const text = event.body.language
    ? `${term}: ${event.body.text} (by machine; “${term} = ...” tells a better one)`
    : `“${term}” could not be translated: “${term} = ...” tells how.`;
  return { state: { ...state, asked }, effects: [{ type: "post", text: text.slice(0, 20_000), thread }] };
}

/** @returns {import("./hanse").Answer<State>} */
function list(event, state) {
  const entries = Object.values(state.entries).sort((one, other) => (keyOf(one.term) < keyOf(other.term) ? -1 : 1));
  const lines = entries.map(({ term, translation }) => `- ${term} = ${translation}`);
  return reply(event, lines.join("\n").slice(0, 20_000) || "The glossary is empty: “term = translation” fills it.");
}

/** @returns {Entry | null} */
const known = (state, term) => (Object.hasOwn(state.entries, keyOf(term)) ? state.entries[keyOf(term)] : null);
const keyOf = (term) => term.toLowerCase().replace(/\s+/g, " ");
const threadOf = (event) => event.thread ?? event.number;
/** @returns {import("./hanse").Post} */
const post = (event, text) => ({ type: "post", text, thread: threadOf(event) });
/** @returns {import("./hanse").Answer<State>} */
const reply = (event, text) => ({ effects: [post(event, text)] });
