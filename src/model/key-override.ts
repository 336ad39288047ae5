/*
 * A service tells in the meta of its registration which keys its environment overrides: the value of "praetor-env-SERVICE_PORT" is the
 * key that the variable SERVICE_PORT hides. So it is written only when a registration changes, ends with the registration, and
 * Consul stores it, too.
 */
const metaPrefix = "praetor-env-";

/** Consul takes at most 64 pairs of meta, with names of up to 128 characters and values of up to 512. */
const overridesMax = 48;
const nameLengthMax = 128;
const keyLengthMax = 512;

/** A key whose value a service does not use, since a variable of its environment has another. */
export interface KeyOverride {
  readonly key: string;
  readonly variable: string;
}

/** Returns overrides as meta, and how many of them do not fit into it. */
export function overrideMeta(overrides: readonly KeyOverride[]): {
  readonly meta: Readonly<Record<string, string>>;
  readonly leftOut: number;
} {
  const fitting = overrides.filter(({ key, variable }) => {
    const name = metaPrefix + variable;
    return key.length <= keyLengthMax && name.length <= nameLengthMax && /^[\w-]+$/.test(name);
  });
  const told = fitting.slice(0, overridesMax);
  const meta = Object.fromEntries(told.map(({ key, variable }) => [metaPrefix + variable, key]));
  return { meta, leftOut: overrides.length - told.length };
}

/** Returns the overrides that the meta of a service tells. */
export function overridesIn(meta: Readonly<Record<string, string>> | null): readonly KeyOverride[] {
  return Object.entries(meta ?? {})
    .filter(([name]) => name.startsWith(metaPrefix))
    .map(([name, key]) => ({ key, variable: name.slice(metaPrefix.length) }));
}
