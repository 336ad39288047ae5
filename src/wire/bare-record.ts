/** Creates an object without a prototype, so that a client's key such as "constructor" reaches nothing inherited. */
export function bareRecord<T>(entries: Iterable<readonly [string, T]> = []): Record<string, T> {
  // Object.create is typed any: it cannot know that an object from null has no members.
  const record = Object.create(null) as Record<string, T>;
  for (const [key, value] of entries) record[key] = value;
  return record;
}
