/** The indexes in an answer, and when the client received it. */
export interface IndexSighting {
  /** The query: answers to equal queries have the same X-Consul-Index as long as nothing changes. */
  readonly question: string;
  readonly called: number;
  readonly returned: number;
  /** The number in the header X-Consul-Index; NaN when the header is missing. */
  readonly index: number;
  readonly rows: readonly SeenRow[];
  /** The index and wait of a blocking query. */
  readonly wait: Wait | undefined;
  readonly tookMs: number;
}

export interface SeenRow {
  readonly key: string;
  /** The name of the write that left the row in this form; undefined when several writes may have done so. */
  readonly writer: string | undefined;
  readonly modifyIndex: number;
}

export interface Wait {
  readonly index: number;
  readonly ms: number;
}

/** The time during which a write was in progress, in positions of the sequence of events. */
export interface WriteTime {
  readonly called: number;
  /** The time at which the answer arrived; Infinity when the write was never answered. */
  readonly returned: number;
}

interface Timed extends WriteTime {
  readonly index: number;
  readonly text: string;
}

/** Tolerance for timers that fire early, in milliseconds. */
const earlyMs = 2;

/**
 * Returns a text for each violation of these laws. They hold across all groups of keys, because all writes share one counter:
 *
 * - A later answer to a query, or a later form of a row, has no lower index.
 * - A write has a higher index than everything seen or written before it was sent.
 * - No two writes have the same index, and no write has two.
 * - A row has no higher index than the answer that contains it.
 * - A blocking query returns a higher index than it was sent with, or the same one when its wait is over.
 */
export function brokenIndexLaws(
  sightings: readonly IndexSighting[],
  writes: ReadonlyMap<string, WriteTime>,
): readonly string[] {
  return [
    ...falling(
      groupBy(
        sightings.filter(({ index }) => !Number.isNaN(index)),
        ({ question }) => question,
      ),
    ),
    ...falling(groupBy(sightings.flatMap(rowsOf), ({ key }) => key)),
    ...lateWrites(sightings, writes),
    ...sharedIndexes(sightings),
    ...sightings.flatMap(wrongAnswers),
  ];
}

function rowsOf({ rows, called, returned }: IndexSighting): (SeenRow & { index: number } & WriteTime)[] {
  return rows.map((row) => ({ ...row, index: row.modifyIndex, called, returned }));
}

function falling(subjects: ReadonlyMap<string, readonly (WriteTime & { readonly index: number })[]>): string[] {
  return [...subjects].flatMap(([subject, seen]) =>
    inRealTime(seen.map((each) => ({ ...each, text: subject }))).flatMap(({ later, before }) =>
      later.index < before.index ? [`${subject} fell from ${before.index} to ${later.index}, at ${later.called}`] : [],
    ),
  );
}

function lateWrites(sightings: readonly IndexSighting[], writes: ReadonlyMap<string, WriteTime>): string[] {
  const indexes = new Map(sightings.flatMap(({ rows }) => rows.map((row) => [row.writer, row.modifyIndex] as const)));
  const written = [...writes].flatMap(([writer, time]): Timed[] => {
    const index = indexes.get(writer);
    return index === undefined ? [] : [{ ...time, index, text: `the write ${writer}` }];
  });
  const isWrite = new Set(written);
  const seen = sightings.map(({ question: text, called, returned, index, rows }): Timed => {
    return { text, called, returned, index: Math.max(index || 0, ...rows.map((row) => row.modifyIndex)) };
  });
  return inRealTime([...written, ...seen]).flatMap(({ later, before }) =>
    isWrite.has(later) && later.index <= before.index
      ? [`${later.text} got ${later.index} after ${before.text} had told ${before.index}`]
      : [],
  );
}

/** Pairs each event with the one that has the highest index among the events that ended before it began. */
function inRealTime(all: readonly Timed[]): readonly { readonly later: Timed; readonly before: Timed }[] {
  const over = all.toSorted((a, b) => a.returned - b.returned);
  const pairs: { later: Timed; before: Timed }[] = [];
  let highest: Timed | undefined;
  let at = 0;
  for (const later of all.toSorted((a, b) => a.called - b.called)) {
    for (let next = over[at]; next !== undefined && next.returned < later.called; next = over[++at])
      if (highest === undefined || next.index > highest.index) highest = next;
    if (highest) pairs.push({ later, before: highest });
  }
  return pairs;
}

function sharedIndexes(sightings: readonly IndexSighting[]): string[] {
  const rows = sightings.flatMap((sighting) => sighting.rows);
  const pairs = rows.flatMap(({ writer, modifyIndex }) => (writer === undefined ? [] : [{ writer, modifyIndex }]));
  return [
    ...several(pairs.map(({ writer, modifyIndex }) => [`index ${modifyIndex}`, writer])),
    ...several(pairs.map(({ writer, modifyIndex }) => [`the write ${writer}`, String(modifyIndex)])),
  ];
}

/** Returns a violation for each name that has more than one value. */
function several(pairs: readonly (readonly [name: string, one: string])[]): string[] {
  const all = new Map<string, Set<string>>();
  for (const [name, one] of pairs) all.set(name, (all.get(name) ?? new Set()).add(one));
  return [...all].flatMap(([name, ones]) => (ones.size > 1 ? [`${name} belongs to ${[...ones].join(" and ")}`] : []));
}

function wrongAnswers({ question, called, index, rows, wait, tookMs }: IndexSighting): string[] {
  const where = `${question}, at ${called}, was answered with ${index}`;
  const newer = rows
    .filter((row) => row.modifyIndex > index)
    .map((row) => `${where}, and shows ${row.key} at ${row.modifyIndex}`);
  if (!wait) return newer;
  if (index < wait.index) return [...newer, `${where}, asked with ${wait.index}`];
  const isEarly = index === wait.index && tookMs < wait.ms - earlyMs;
  return isEarly ? [...newer, `${where}, which it was asked with, after ${tookMs} of ${wait.ms} ms`] : newer;
}

function groupBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  return Map.groupBy(items, nameOf);
}
