import { type AnswerWatchSettings, type Stop, watchAnswers } from "./answer-watch.ts";
import { decodePairs, keyPath, type StoredPair } from "./key-value.ts";

export interface KeyWatchSettings extends Pick<AnswerWatchSettings, "http" | "onError" | "signal"> {
  /** A key, or a folder with its final "/" to watch all keys below it. */
  readonly key: string;
  /** Called with the stored pairs at once and after each possible change; with an empty list if no pair is stored. */
  readonly onPairs: (pairs: readonly StoredPair[]) => void;
}

export function watchKeys({ key, onPairs, ...settings }: KeyWatchSettings): Stop {
  return watchAnswers({
    ...settings,
    path: keyPath(key),
    query: key.endsWith("/") || key === "" ? { recurse: "" } : {},
    onAnswer: (answer) => onPairs(answer.status === 404 ? [] : decodePairs(answer)),
  });
}
