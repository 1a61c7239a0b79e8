// Expenses: "/expenses" shows a form and what each person has spent; "Settle up" says who gets how
// much and begins anew. "/expenses approver @Ada" lets Ada agree to each expense before it counts,
// and settle; "/expenses approver off" by her ends that.

// What you may change:

/** The currency of all sums. */
const CURRENCY = "EUR";
/** What money is spent on: the choices of the form. */
const KINDS = ["Travel", "Meals", "Material", "Other"];
/** The largest sum of one expense. */
const SUM_MAX = 10_000;

/**
 * @typedef {{ by: string, cents: number, what: string, kind: string, day: string }} Expense
 * @typedef {{
 *   shown: number,
 *   approver: string | null,
 *   spent: Record<string, { cents: number, count: number }>,
 *   waiting: Record<string, Expense>,
 *   last: number,
 * }} State
 */

const WAITING_MAX = 50;

/** @type {State} */
export const initialState = { shown: 0, approver: null, spent: {}, waiting: {}, last: 0 };

/** @type {import("./hanse").Handler<State>} */
export function onEvent(event, state) {
  if (event.kind === "press") return press(event, state);
  const [, words] = /^\/expenses\b\s*(.*)$/s.exec(event.body.text ?? "") ?? [];
  if (event.kind !== "message" || words === undefined) return;
  if (words === "") return show(state);
  if (words.startsWith("approver")) return setApprover(event, state);
  return reply(event, "So: /expenses, /expenses approver with a mention, or /expenses approver off.");
}

/** @returns {import("./hanse").Answer<State>} */
function show(state) {
  const next = { ...state, shown: state.shown + 1 };
  const before = state.shown ? [moved(`form-${state.shown}`, "An expense"), moved(sumsKey(state), "Expenses")] : [];
  return { state: next, effects: [...before, form(next), sums(next)] };
}

/** @returns {import("./hanse").Answer<State>} */
function setApprover(event, state) {
  if (state.approver && state.approver !== event.sender_id)
    return reply(event, `Only <@${state.approver}> may change that.`);
  const [approver = null] = event.body.mentions ?? [];
  if (!approver && !/\boff$/.test(event.body.text.trim()))
    return reply(event, "So: /expenses approver with a mention, or /expenses approver off.");
  if (!approver && Object.keys(state.waiting).length)
    return reply(event, "Some expenses wait: approve or refuse them first.");
  const said = approver ? `<@${approver}> approves expenses from now on.` : "Expenses count at once from now on.";
  return { ...reply(event, said), state: { ...state, approver } };
}

/** @returns {import("./hanse").Answer<State> | void} */
function press(event, state) {
  const { key, button, values = {} } = event.body;
  if (key === `form-${state.shown}`) return send(event.sender_id, values, state);
  if (key === sumsKey(state) && button === "settle") return settle(event.sender_id, state);
  if (key && Object.hasOwn(state.waiting, key)) return decide(event.sender_id, key, button === "approve", state);
}

/** @returns {import("./hanse").Answer<State>} */
function send(by, values, state) {
  const cents = Math.round(Number(values.sum) * 100);
  if (!(cents > 0 && cents <= SUM_MAX * 100)) return say(`<@${by}>: a sum is above 0 and up to ${money(SUM_MAX * 100)}.`);
  const { what = "", kind = "", day = "" } = values;
  const expense = { by, cents, what: what.slice(0, 200), kind, day };
  if (!state.approver || state.approver === by) return count(expense, state);
  if (Object.keys(state.waiting).length >= WAITING_MAX)
    return say(`<@${by}>: ${WAITING_MAX} expenses wait for <@${state.approver}> already.`);
  const last = state.last + 1;
  const key = `expense-${last}`;
  return {
    state: { ...state, last, waiting: { ...state.waiting, [key]: expense } },
    effects: [
      {
        type: "card",
        key,
        title: "To be approved",
        text: `${told(expense)}\n\nFor <@${state.approver}> to decide.`,
        buttons: [{ name: "approve", label: "Approve" }, { name: "refuse", label: "Refuse" }],
      },
    ],
  };
}

/** @returns {import("./hanse").Answer<State> | void} */
function decide(by, key, isApproved, state) {
  if (by !== state.approver) return say(`<@${by}>: that is for <@${state.approver}> to decide.`);
  const { [key]: expense, ...waiting } = state.waiting;
  const title = isApproved ? "Approved" : "Refused";
  /** @type {import("./hanse").Card} */
  const card = { type: "card", key, title, text: `${told(expense)}\n\n${title} by <@${by}>.` };
  const next = { ...state, waiting };
  if (!isApproved) return { state: next, effects: [card] };
  const counted = count(expense, next);
  return { state: counted.state, effects: [card, ...counted.effects] };
}

/** @returns {{ state: State, effects: import("./hanse").Effect[] }} */
function count(expense, state) {
  const before = Object.hasOwn(state.spent, expense.by) ? state.spent[expense.by] : { cents: 0, count: 0 };
  const now = { cents: before.cents + expense.cents, count: before.count + 1 };
  const next = { ...state, spent: { ...state.spent, [expense.by]: now } };
  return { state: next, effects: [{ type: "post", text: told(expense) }, sums(next)] };
}

/** @returns {import("./hanse").Answer<State>} */
function settle(by, state) {
  if (state.approver && state.approver !== by) return say(`<@${by}>: <@${state.approver}> settles.`);
  if (!Object.keys(state.spent).length) return say("There is nothing to settle.");
  const day = new Date().toISOString().slice(0, 10);
  const next = { ...state, spent: {} };
  return {
    state: next,
    effects: [{ type: "post", text: `Settled on ${day} by <@${by}>:\n\n${listed(state)}`.slice(0, 20_000) }, sums(next)],
  };
}

/** @returns {import("./hanse").Card} */
const form = (state) => ({
  type: "card",
  key: `form-${state.shown}`,
  title: "An expense",
  fields: [
    { name: "sum", label: `Sum in ${CURRENCY}`, kind: "number", is_required: true },
    { name: "what", label: "What for?", is_required: true },
    { name: "kind", label: "Kind", kind: "choice", choices: KINDS },
    { name: "day", label: "Day", kind: "date" },
  ],
  buttons: [{ name: "send", label: "Send" }],
});

/** @returns {import("./hanse").Card} */
const sums = (state) => ({
  type: "card",
  key: sumsKey(state),
  title: "Expenses",
  text: listed(state).slice(0, 15_000),
  buttons: Object.keys(state.spent).length ? [{ name: "settle", label: "Settle up" }] : [],
});

/** @returns {import("./hanse").Card} */
const moved = (key, title) => ({ type: "card", key, title, text: "It is further down now." });

function listed({ spent }) {
  const people = Object.entries(spent).sort(([, one], [, other]) => other.cents - one.cents);
  if (!people.length) return "Nothing has been spent.";
  const total = people.reduce((sum, [, { cents }]) => sum + cents, 0);
  const lines = people.map(([id, { cents, count }]) => `- <@${id}>: ${money(cents)} (${count})`);
  return [...lines, `- Together: ${money(total)}`].join("\n");
}

const told = ({ by, cents, what, kind, day }) =>
  `<@${by}> spent ${money(cents)}: ${[what, kind, day].filter(Boolean).join(", ")}`;
const money = (cents) => `${(cents / 100).toFixed(2)} ${CURRENCY}`;
const sumsKey = (state) => `sums-${state.shown}`;
/** @returns {import("./hanse").Answer<State>} */
const say = (text) => ({ effects: [{ type: "post", text }] });
/** @returns {import("./hanse").Answer<State>} */
const reply = (event, text) => ({
  effects: [{ type: "post", text, thread: event.thread ?? event.number }],
});
