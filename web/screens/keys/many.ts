import { readOnce } from "../../live/reading.ts";
import { type Failure, isAbsence } from "../../live/request.ts";
import { apiPathOf } from "./names.ts";
import type { Chosen, Read } from "./steps.ts";
import { readKeys } from "./transactions.ts";
import type { Pair } from "./value.ts";

/* The reads before keys and folders are copied, moved, deleted or exported. */

/** Reads the names of all keys in what is chosen. */
export async function namesIn(chosen: readonly Chosen[]): Promise<Read<readonly string[]>> {
  return gather(
    chosen,
    async (folder) => {
      const outcome = await readOnce(`${apiPathOf(folder)}?keys`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape of this address
      return "answer" in outcome ? { value: outcome.answer.value as readonly string[] } : emptyIfNone(outcome.failure);
    },
    async (keys) => ({ value: keys }),
  );
}

/** Reads all keys in what is chosen, with their values; those of a folder in one answer, as they were in one moment. */
export async function pairsIn(chosen: readonly Chosen[]): Promise<Read<readonly Pair[]>> {
  const read = await gather(
    chosen,
    async (folder) => {
      const outcome = await readOnce(`${apiPathOf(folder)}?recurse`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape of this address
      return "answer" in outcome ? { value: outcome.answer.value as readonly Pair[] } : emptyIfNone(outcome.failure);
    },
    async (keys) => {
      const found = await readKeys(keys);
      return "fault" in found ? found : { value: [...found.pairs.values()] };
    },
  );
  return read;
}

function emptyIfNone(failure: Failure): Read<readonly never[]> {
  return isAbsence(failure) ? { value: [] } : { fault: failure.text };
}

async function gather<T>(
  chosen: readonly Chosen[],
  ofFolder: (folder: string) => Promise<Read<readonly T[]>>,
  ofKeys: (keys: readonly string[]) => Promise<Read<readonly T[]>>,
): Promise<Read<readonly T[]>> {
  const all: T[] = [];
  const keys = chosen.filter(({ kind }) => kind === "key").map(({ name }) => name);
  const folders = chosen.filter(({ kind }) => kind === "folder").map(({ name }) => name);
  for (const read of [...folders.map((folder) => () => ofFolder(folder)), () => ofKeys(keys)]) {
    const got = await read();
    if ("fault" in got) return got;
    all.push(...got.value);
  }
  return { value: all };
}
