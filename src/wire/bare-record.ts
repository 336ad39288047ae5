/** Creates an object without a prototype, so that a client's key such as "constructor" does not find an inherited property. */
export function bareRecord<T>(entries: Iterable<readonly [string, T]> = []): Record<string, T> {
  // Object.create has the type `any`, since TypeScript does not know that an object without a prototype has no members.
  const record = Object.create(null) as Record<string, T>;
  for (const [key, value] of entries) record[key] = value;
  return record;
}
