import type { FakeRandom } from "../fake-random.ts";
import { pickOf } from "../linearizability/trial.ts";

/** Values that often break decoders. */
const odd: readonly string[] = [
  ...["", "0", "-1", "1e999", "-0", "9007199254740993", "18446744073709551616", "0x1p-2", "null", "true", "\0", "\n"],
  ...[
    "\u{feff}",
    "\u2028",
    "\ud800",
    "\u{1f600}",
    "__proto__",
    "constructor",
    "toString",
    "%00",
    "%c3%28",
    "\\",
    '\\"',
  ],
  ...[
    "\\u0000",
    "\\ud800",
    "${",
    "}",
    "{{",
    "}}",
    "/*",
    "//",
    "#",
    "<<EOF\n",
    "[",
    "{",
    "(",
    '"',
    "'",
    "`",
    ",",
    ":",
    "=",
    "*",
  ],
];
const bytesMax = 256 * 1024;
const timesMax = 20_000;

type Mutation = (octets: Buffer, random: FakeRandom, pool: readonly Uint8Array[]) => Buffer;

/** Returns a new input, made from inputs of the pool by deleting, repeating, splicing and replacing pieces. */
export function mutate(pool: readonly Uint8Array[], words: readonly string[], random: FakeRandom): Uint8Array {
  let octets: Buffer = Buffer.from(pickOf(random, pool) ?? []);
  const steps = 1 + Math.floor(random.uniform() ** 2 * 6);
  const mutations = [...plainMutations, wordMutation([...words, ...odd]), wordMutation(words)];
  for (let step = 0; step < steps; step += 1) {
    const mutation = pickOf(random, mutations);
    octets = mutation?.(octets, random, pool) ?? octets;
  }
  return octets.subarray(0, bytesMax);
}

function between(random: FakeRandom, length: number): readonly [number, number] {
  const from = Math.floor(random.uniform() * (length + 1));
  const to = Math.min(length, from + Math.floor(random.uniform() ** 3 * 64));
  return [from, to];
}

const plainMutations: readonly Mutation[] = [
  function dropPiece(octets, random) {
    const [from, to] = between(random, octets.length);
    return Buffer.concat([octets.subarray(0, from), octets.subarray(to)]);
  },
  function repeatPiece(octets, random) {
    const [from, to] = between(random, octets.length);
    const times = Math.floor(random.uniform() ** 4 * timesMax);
    const piece = octets.subarray(from, to);
    const count = Math.min(times, Math.floor(bytesMax / Math.max(piece.length, 1)));
    return Buffer.concat([octets.subarray(0, to), Buffer.concat(Array(count).fill(piece)), octets.subarray(to)]);
  },
  function flipBit(octets, random) {
    const copy = Buffer.from(octets);
    const at = Math.floor(random.uniform() * copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random.uniform() * 8));
    return copy;
  },
  function cutShort(octets, random) {
    return octets.subarray(0, Math.floor(random.uniform() * octets.length));
  },
  function splice(octets, random, pool) {
    const other = pickOf(random, pool) ?? octets;
    const [from, to] = [random.uniform(), random.uniform()];
    return Buffer.concat([octets.subarray(0, from * octets.length), other.subarray(to * other.length)]);
  },
  function changeValue(octets, random) {
    return changedJson(octets, random) ?? octets;
  },
  function changeValueAgain(octets, random) {
    return changedJson(octets, random) ?? octets;
  },
];

function wordMutation(words: readonly string[]): Mutation {
  return function putWord(octets, random) {
    const [from, to] = between(random, octets.length);
    const keepsOld = random.uniform() < 0.5;
    const word = Buffer.from(pickOf(random, words) ?? "");
    return Buffer.concat([octets.subarray(0, from), word, octets.subarray(keepsOld ? from : to)]);
  };
}

/** Returns the JSON text in `octets` with one value replaced; undefined when the octets are not JSON. */
function changedJson(octets: Buffer, random: FakeRandom): Buffer | undefined {
  let json: unknown;
  try {
    json = JSON.parse(octets.toString());
  } catch {
    return undefined;
  }
  const places = placesIn({ root: json });
  const place = pickOf(random, places);
  if (!place) return undefined;
  const others = places.map(({ holder, name }) => holder[name]);
  place.holder[place.name] = structuredClone(pickOf(random, [...oddValues, pickOf(random, others), nested(random)]));
  return Buffer.from(JSON.stringify(json) ?? "");
}

const oddValues: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e308, 2 ** 63, "", "5s", "-5s", "1h", "x".repeat(300), [], {}, [[]], [null], { "": {} }],
  ...[{ __proto__: null, toString: 1 }, "9999999999999h", "\ud800", "10.0.0.1", "::1", "http://["],
];

function nested(random: FakeRandom): unknown {
  let value: unknown = "deep";
  for (let depth = Math.floor(random.uniform() * 40); depth > 0; depth -= 1)
    value = depth % 2 === 0 ? [value] : { a: value };
  return value;
}

type Holder = Record<string, unknown>;

function placesIn(value: unknown, found: { holder: Holder; name: string }[] = []): { holder: Holder; name: string }[] {
  if (typeof value !== "object" || value === null || found.length > 300) return found;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- arrays are written by index, objects by name
  const holder = value as Holder;
  for (const name of Object.keys(holder)) {
    found.push({ holder, name });
    placesIn(holder[name], found);
  }
  return found;
}
