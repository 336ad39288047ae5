import { type AnswerWatchSettings, type Stop, watchAnswers } from "./answer-watch.ts";
import { decodePairs, keyPath, type StoredPair } from "./key-value.ts";

export interface KeyWatchSettings extends Pick<AnswerWatchSettings, "http" | "onError" | "signal"> {
  /** A key, or the folder above the keys that are watched: that ends in "/". */
  readonly key: string;
  /** What is stored there, whenever it may have changed; nothing when it was deleted. */
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
