import { describe, expect, it } from "vitest";
import { eventsOf } from "../api/events";
import { offsets } from "./stream";

async function events(...chunks: string[]) {
  const bytes = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(bytes.encode(chunk));
      controller.close();
    },
  });
  const found = [];
  for await (const event of eventsOf(body)) found.push(event);
  return found;
}

describe("server-sent events", () => {
  it("are read wherever the network cuts them", async () => {
    const whole = 'event: sentence\r\ndata: {"text": "Olá"}\r\n\r\nevent: done\r\ndata: {}\r\n\r\n';
    const expected = [
      { event: "sentence", data: { text: "Olá" } },
      { event: "done", data: {} },
    ];
    expect(await events(whole)).toEqual(expected);
    expect(await events(...whole)).toEqual(expected);
  });

  it("may have data over several lines, and comments", async () => {
    expect(await events(": hello\n\ndata: [1,\ndata: 2]\n\n")).toEqual([
      { event: "message", data: [1, 2] },
    ]);
  });
});

describe("offsets", () => {
  it("count a character beyond the first plane as two", () => {
    const offset = offsets("a😀b");
    expect([0, 1, 2, 3].map(offset)).toEqual([0, 1, 3, 4]);
  });
});
