import { join } from "node:path";
import type { CannedRequest } from "./canned-agent.ts";

/** The folder with recorded answers and the snapshot of a real Consul; the folder's README describes how they were made. */
export const oldConsulFolder: string = join(import.meta.dir, "old-consul");

const text = await Bun.file(join(oldConsulFolder, "answers.json")).text();
// JSON.parse would round flags of 64 bits, so this line turns them into strings.
const marked = text.replaceAll("18446744073709551615", '"18446744073709551615"');
const answers = new Map(Object.entries(JSON.parse(marked) as Record<string, unknown>));

/** Returns the recorded answer of the real Consul to the request; an empty 404 when no answer is recorded. */
export function oldConsulAnswer({ target }: CannedRequest): Response {
  const answer = answers.get(target);
  if (answer === undefined) return new Response("", { status: 404 });
  return new Response(JSON.stringify(answer).replaceAll('"18446744073709551615"', "18446744073709551615"));
}
