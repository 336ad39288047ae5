import { get, put } from "./conformance.ts";
import { within } from "./within.ts";

/** Maximum time until the agent applies a coordinate, in milliseconds: Consul applies coordinate updates every five seconds. */
const takenUpWithinMs = 12_000;

/** Returns the JSON of a network coordinate that is `seconds` from the origin on the first axis. */
export function coordinateAt(seconds: number): object {
  return { Vec: [seconds, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 0.00001 };
}

/** Sets the coordinates of nodes, by their distance from the origin in seconds; resolves when the agent has applied them. */
export async function placeNodes(places: Readonly<Record<string, number>>): Promise<void> {
  for (const [Node, seconds] of Object.entries(places)) {
    await put("/v1/coordinate/update", { Node, Coord: coordinateAt(seconds) });
  }
  await within(takenUpWithinMs, async () => {
    for (const [name, seconds] of Object.entries(places)) {
      const { text } = await get(`/v1/coordinate/node/${name}`);
      if (!text.includes(`"Vec":[${seconds},`)) throw new Error(`${name} is not there yet: ${text}`);
    }
  });
}
