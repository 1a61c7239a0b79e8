import { useEffect, useState } from "react";
import { type Asked, NOTHING, type Translated, translated } from "./stream";

const PAUSE_MS = 300;

interface State {
  result: Translated;
  error: unknown;
  isWorking: boolean;
}

const EMPTY: State = { result: NOTHING, error: null, isWorking: false };

/**
 * The translation of what somebody types. It is asked for after a short pause; an answer that is
 * overtaken by more typing is dropped, and so is the work for it.
 */
export function useTranslation({ text, source, target, glossary, formality }: Asked): State {
  const [state, setState] = useState<State>(EMPTY);

  useEffect(() => {
    if (!text.trim()) {
      setState(EMPTY);
      return;
    }
    const asked = { text, source, target, glossary, formality };
    const controller = new AbortController();
    const timer = setTimeout(async () => {
      setState((before) => ({ ...before, error: null, isWorking: true }));
      try {
        for await (const result of translated(asked, controller.signal)) {
          if (controller.signal.aborted) return;
          setState({ result, error: null, isWorking: !result.isDone });
        }
      } catch (error) {
        if (!controller.signal.aborted) setState({ ...EMPTY, error });
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text, source, target, glossary, formality]);

  return state;
}
