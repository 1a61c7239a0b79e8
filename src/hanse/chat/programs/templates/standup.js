// A daily stand-up: "/standup 08:30" asks every day at that time (UTC) what everybody did and will
// do, and two hours later posts the answers as one message. "/standup off" ends it.

/**
 * @typedef {{ did: string, will: string }} Report
 * @typedef {{ at: string | null, day: string | null, reports: Record<string, Report> }} State
 */

const HOUR_MS = 3_600_000;

/** @type {State} */
export const initialState = { at: null, day: null, reports: {} };

/** @type {import("./hanse").Handler<State>} */
export function onEvent(event, state) {
  switch (event.kind) {
    case "message": return command(event, state);
    case "timer": return event.body.key === "ask" ? ask(state) : tell(state);
    case "press": return report(event, state);
  }
}

/** @returns {import("./hanse").Answer<State> | void} */
function command(event, state) {
  const [, words] = /^\/standup (\S+)$/.exec(event.body.text ?? "") ?? [];
  if (!words) return;
  if (words === "off")
    return {
      state: initialState,
      effects: ["ask", "tell"].map((key) => ({ type: "timer", key })),
    };
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(words))
    return { effects: [{ type: "post", text: "So: /standup 08:30 (UTC), or /standup off.", thread: event.number }] };
  return {
    state: { ...state, at: words },
    effects: [
      { type: "timer", key: "ask", at: nextTime(words) },
      { type: "react", target: event.number, emoji: "👍" },
    ],
  };
}

/** @returns {import("./hanse").Answer<State> | void} */
function ask(state) {
  if (!state.at) return;
  const now = new Date();
  const day = now.toISOString().slice(0, 10);
  return {
    state: { ...state, day, reports: {} },
    effects: [
      {
        type: "card",
        key: `standup-${day}`,
        title: `Stand-up of ${day}`,
        fields: [
          { name: "did", label: "What did you do?", kind: "lines", is_required: true },
          { name: "will", label: "What will you do?", kind: "lines", is_required: true },
        ],
        buttons: [{ name: "send", label: "Send" }],
      },
      { type: "timer", key: "tell", at: new Date(now.getTime() + 2 * HOUR_MS).toISOString() },
      { type: "timer", key: "ask", at: nextTime(state.at) },
    ],
  };
}

/** @returns {import("./hanse").Answer<State> | void} */
function report(event, state) {
  if (!state.day || event.body.key !== `standup-${state.day}`) return;
  const { did = "", will = "" } = event.body.values ?? {};
  const said = { did: did.slice(0, 400), will: will.slice(0, 400) };
  return { state: { ...state, reports: { ...state.reports, [event.sender_id]: said } } };
}

/** @returns {import("./hanse").Answer<State> | void} */
function tell(state) {
  if (!state.day) return;
  const reports = Object.values(state.reports);
  const lines = reports.map(({ did, will }) => `• ${did} → ${will}`);
  const text = `Stand-up of ${state.day}: ${reports.length} reports\n${lines.join("\n")}`;
  const title = `Stand-up of ${state.day}`;
  return {
    state: { ...state, day: null, reports: {} },
    effects: [
      { type: "post", text: text.slice(0, 20_000) },
      { type: "card", key: `standup-${state.day}`, title, text: "Closed." },
    ],
  };
}

function nextTime(time) {
  const now = Date.now();
  const today = Date.parse(`${new Date(now).toISOString().slice(0, 10)}T${time}:00Z`);
  return new Date(today > now ? today : today + 24 * HOUR_MS).toISOString();
}
