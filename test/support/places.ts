import { get, put } from "./conformance.ts";
import { within } from "./within.ts";

/** Consul takes updates up every five seconds. */
const takenUpWithinMs = 12_000;

/** A coordinate on a line, so many seconds from the start of it. */
export function coordinateAt(seconds: number): object {
  return { Vec: [seconds, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 0.00001 };
}

/** Tells where nodes of the catalog are, and resolves when that is taken up. */
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
