/** An object without a prototype, so that no key of a client's means anything to JavaScript. */
export function bareRecord<T>(entries: Iterable<readonly [string, T]> = []): Record<string, T> {
  // Object.create is typed any: it cannot know that an object from null has no members.
  const record = Object.create(null) as Record<string, T>;
  for (const [key, value] of entries) record[key] = value;
  return record;
}
