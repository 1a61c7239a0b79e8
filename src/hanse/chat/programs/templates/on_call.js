// A rota: "/oncall" with mentions sets who is on call, a week each, in this order; "/oncall" alone
// says whose week it is, and "/oncall skip" hands over to the next at once.

/** @typedef {{ people: string[], turn: number, until: string | null }} State */

const WEEK_MS = 7 * 24 * 3_600_000;

/** @type {State} */
export const initialState = { people: [], turn: 0, until: null };

/** @type {import("./hanse").Handler<State>} */
export function onEvent(event, state) {
  if (event.kind === "timer") return handOver(state);
  if (event.kind === "members" && event.body.role == null) return leave(state, event.body.members ?? []);
  const [, words] = /^\/oncall\b\s*(.*)$/s.exec(event.body.text ?? "") ?? [];
  if (event.kind !== "message" || words === undefined) return;
  const people = event.body.mentions ?? [];
  if (people.length) return begin({ people, turn: 0, until: null });
  if (words.trim() === "skip") return handOver(state);
  return { effects: [{ type: "post", text: whose(state), thread: event.thread ?? event.number }] };
}

/** @returns {import("./hanse").Answer<State> | void} */
function begin(state) {
  const until = new Date(Date.now() + WEEK_MS).toISOString();
  const next = { ...state, until };
  return {
    state: next,
    effects: [
      { type: "timer", key: "turn", at: until },
      { type: "post", text: whose(next) },
    ],
  };
}

/** @returns {import("./hanse").Answer<State> | void} */
function handOver(state) {
  if (!state.people.length) return { effects: [{ type: "post", text: whose(state) }] };
  return begin({ ...state, turn: (state.turn + 1) % state.people.length });
}

/** @returns {import("./hanse").Answer<State> | void} */
function leave(state, left) {
  const people = state.people.filter((person) => !left.includes(person));
  if (people.length === state.people.length) return;
  if (!people.length)
    return {
      state: initialState,
      effects: [{ type: "timer", key: "turn" }, { type: "post", text: whose(initialState) }],
    };
  const current = state.people[state.turn];
  // Whoever came before the current one and left moves the turn; if it is theirs, the next has it.
  const before = state.people.slice(0, state.turn).filter((person) => people.includes(person)).length;
  const next = { ...state, people, turn: before % people.length };
  return left.includes(current) ? begin(next) : { state: next };
}

function whose({ people, turn, until }) {
  if (!people.length) return "Nobody is on call: /oncall with mentions sets who is.";
  return `On call until ${until.slice(0, 10)}: <@${people[turn]}>`;
}
