// A poll: "/poll Where do we eat? | Canteen | Harbour" shows a card with a button for each answer.
// Everybody has one vote and may change it; "/poll close" by whoever began it ends the poll.

/**
 * @typedef {{ question: string, answers: string[], by: string, votes: Record<string, number> }} Poll
 * @typedef {{ poll: Poll | null, polls: number }} State
 */

/** @type {State} */
export const initialState = { poll: null, polls: 0 };

/** @type {import("./hanse").Handler<State>} */
export function onEvent(event, state) {
  if (event.kind === "press") return vote(event, state);
  const text = event.body.text ?? "";
  if (event.kind !== "message" || !text.startsWith("/poll ")) return;
  const words = text.slice("/poll ".length).trim();
  return words === "close" ? close(event, state) : open(event, state, words);
}

/** @returns {import("./hanse").Answer<State> | void} */
function open(event, state, words) {
  const [question, ...answers] = words.split("|").map((part) => part.trim().slice(0, 80)).filter(Boolean);
  if (state.poll) return say(event, "A poll is open already: end it with /poll close.");
  if (answers.length < 2 || answers.length > 10)
    return say(event, "So: /poll Question? | One answer | Another answer (up to ten).");
  const poll = { question, answers, by: event.sender_id, votes: {} };
  const next = { poll, polls: state.polls + 1 };
  return { state: next, effects: [card(next, true)] };
}

/** @returns {import("./hanse").Answer<State> | void} */
function vote(event, state) {
  const { poll } = state;
  if (!poll || event.body.key !== keyOf(state)) return;
  const answer = Number(event.body.button);
  if (!(answer in poll.answers)) return;
  const votes = { ...poll.votes, [event.sender_id]: answer };
  const next = { ...state, poll: { ...poll, votes } };
  return { state: next, effects: [card(next, true)] };
}

/** @returns {import("./hanse").Answer<State> | void} */
function close(event, state) {
  if (!state.poll) return say(event, "There is no poll.");
  if (state.poll.by !== event.sender_id) return say(event, "Whoever began the poll may end it.");
  return { state: { ...state, poll: null }, effects: [card(state, false)] };
}

/** @returns {import("./hanse").Card} */
function card(state, isOpen) {
  const { question, answers, votes } = state.poll;
  const counts = answers.map((_, at) => Object.values(votes).filter((each) => each === at).length);
  return {
    type: "card",
    key: keyOf(state),
    title: question,
    text: answers.map((answer, at) => `${counts[at]} · ${answer}`).join("\n"),
    buttons: isOpen ? answers.map((label, at) => ({ name: String(at), label })) : [],
  };
}

const keyOf = (state) => `poll-${state.polls}`;
/** @returns {import("./hanse").Answer<State>} */
const say = (event, text) => ({
  effects: [{ type: "post", text, thread: event.thread ?? event.number }],
});
