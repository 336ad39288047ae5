import type { Setting, SettingValue, SinkFields, Source } from "./source.ts";

/**
 * Merges sources in the order given: a later scalar replaces an earlier one, lists are joined, maps are merged key by key.
 */
export function mergeSources(sources: readonly Source[]): Source {
  const settings = new Map<string, Setting>();
  for (const source of sources)
    for (const [path, later] of source.settings) {
      const earlier = settings.get(path);
      const value = earlier === undefined ? later.value : mergeValues(earlier.value, later.value);
      settings.set(path, { value, origin: later.origin });
    }
  return { settings, definitions: sources.flatMap((source) => source.definitions) };
}

function mergeValues(earlier: SettingValue, later: SettingValue): SettingValue {
  if (isList(earlier) && isList(later)) return [...earlier, ...later];
  if (isTextMap(earlier) && isTextMap(later)) return { ...earlier, ...later };
  if (isNumberMap(earlier) && isNumberMap(later)) return { ...earlier, ...later };
  if (isSinks(earlier) && isSinks(later)) return { ...earlier, ...later };
  return later;
}

export function isList(value: SettingValue): value is readonly string[] {
  return Array.isArray(value);
}

export function isTextMap(value: SettingValue): value is Readonly<Record<string, string>> {
  return isMapOf(value, "string");
}

export function isNumberMap(value: SettingValue): value is Readonly<Record<string, number>> {
  return isMapOf(value, "number");
}

export function isSinks(value: SettingValue): value is SinkFields {
  if (typeof value !== "object" || value === null || isList(value)) return false;
  return Object.values(value).every((item) => typeof item === "object");
}

/** Returns whether the value is a map of this type. An empty map counts as a map of either type. */
function isMapOf(value: SettingValue, type: "string" | "number"): boolean {
  if (typeof value !== "object" || value === null || isList(value)) return false;
  return Object.values(value).every((item) => typeof item === type);
}
