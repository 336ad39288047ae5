/**
 * Returns the known word most similar to `typed`; undefined if every known word differs from it in more than two letters, or in
 * more than half of its letters.
 */
export function closest(typed: string, known: readonly string[]): string | undefined {
  // Comparing two words takes time in proportion to the product of their lengths: over a second for a word of 30,000 letters.
  const alike = known.filter((word) => Math.abs(word.length - typed.length) <= lettersOffMax);
  const [best] = alike.map((word) => ({ word, off: distance(typed, word) })).toSorted((a, b) => a.off - b.off);
  return best && best.off <= lettersOffMax && best.off * 2 < typed.length + 1 ? best.word : undefined;
}

const lettersOffMax = 2;

/** Returns the number of letters to add, drop, change or swap between two words (optimal string alignment distance). */
function distance(from: string, to: string): number {
  let [before, previous]: number[][] = [[], Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const changed = from[row - 1] === to[column - 1] ? 0 : 1;
      const at = (line: readonly number[] | undefined, where: number): number => line?.[where] ?? Infinity;
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + changed,
        swapped ? at(before, column - 2) + 1 : Infinity,
      );
    }
    [before, previous] = [previous ?? [], current];
  }
  return previous?.[to.length] ?? Infinity;
}
