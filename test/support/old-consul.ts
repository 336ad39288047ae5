import { join } from "node:path";
import type { CannedRequest } from "./canned-agent.ts";

/** What a real Consul told and saved: its README says how it came to be. */
export const oldConsulFolder: string = join(import.meta.dir, "old-consul");

const text = await Bun.file(join(oldConsulFolder, "answers.json")).text();
// Flags of 64 bits would not outlive JSON.parse as numbers.
const marked = text.replaceAll("18446744073709551615", '"18446744073709551615"');
const answers = new Map(Object.entries(JSON.parse(marked) as Record<string, unknown>));

/** As that Consul answered. */
export function oldConsulAnswer({ target }: CannedRequest): Response {
  const answer = answers.get(target);
  if (answer === undefined) return new Response("", { status: 404 });
  return new Response(JSON.stringify(answer).replaceAll('"18446744073709551615"', "18446744073709551615"));
}
