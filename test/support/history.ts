import { historyDefaults, type HistoryPolicy, historyPolicy } from "../../src/model/kv-history.ts";

const { bytesMax, prefixLeftOut, ...rest } = historyDefaults;

/** The policy of an agent without a setting for it. */
export const defaultHistoryPolicy: HistoryPolicy = historyPolicy(
  [
    { prefix: prefixLeftOut, changesMax: 0, ageMsMax: 0 },
    { prefix: "", ...rest },
  ],
  bytesMax,
);
