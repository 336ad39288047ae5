/** Returns an unused port for each name. All ports stay open until the last one is found, so they differ. */
export function freePorts<const Names extends readonly string[]>(
  ...names: Names
): Readonly<Record<Names[number], number>> {
  const listeners = names.map(() => Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }));
  try {
    return Object.fromEntries(names.map((name, at) => [name, listeners[at]?.port])) as Record<Names[number], number>;
  } finally {
    for (const listener of listeners) listener.stop();
  }
}
