import type { QueryClient } from "@tanstack/react-query";
import type { Chat } from "./chat";
import { Signal } from "./signal";

/** The chat of whoever is signed in, once it has begun. */
export const currentChat = new Signal<Chat | null>(null);

/** Begin the chat of a person; its code is loaded only now. Returns how to end it. */
export function beginChat(person: string, queries: QueryClient): () => void {
  let isEnded = false;
  void import("./chat").then(({ Chat }) => {
    if (!isEnded) currentChat.set(new Chat(person, queries));
  });
  return () => {
    isEnded = true;
    currentChat.get()?.stop();
    currentChat.set(null);
  };
}
