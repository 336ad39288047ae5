import { ownTurn } from "../lib/next-turn.ts";
import { Turns } from "../lib/turns.ts";
import { goJsonParts } from "../wire/json-parts.ts";
import { Pieces } from "./pieces.ts";

/** Rendering goes on in another turn of the event loop after this many rows or characters, which take one or two milliseconds. */
export const rowsOfTurn = 64;
const charactersOfTurn = 64 * 1_024;

/**
 * Renders a value with its rows (see json-parts.ts): a short one at once, a long one in several turns of the event loop, between which
 * other requests are answered.
 */
export function renderInTurns(value: unknown, options: { readonly pretty: boolean }): string | Promise<Pieces> {
  const parts = goJsonParts(value, options);
  const first = nextPiece(parts);
  return first.isLast ? first.text : renderings.run(() => renderRest(first.text, parts));
}

/** Long renderings at a time. Each holds what it has rendered, so the others wait: all at once they would fill the memory. */
const renderings = new Turns(2);

async function renderRest(first: string, parts: Iterator<string>): Promise<Pieces> {
  const pieces = [Buffer.from(first)];
  for (let isLast = false; !isLast;) {
    await ownTurn();
    const piece = nextPiece(parts);
    pieces.push(Buffer.from(piece.text));
    ({ isLast } = piece);
  }
  return new Pieces(pieces);
}

function nextPiece(parts: Iterator<string>): { readonly text: string; readonly isLast: boolean } {
  let text = "";
  for (let rows = 0; rows < rowsOfTurn && text.length < charactersOfTurn; rows += 1) {
    const part = parts.next();
    if (part.done === true) return { text, isLast: true };
    text += part.value;
  }
  return { text, isLast: false };
}
