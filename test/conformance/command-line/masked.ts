/** What differs from run to run and from agent to agent, with its length kept where a table is drawn around it. */
const masks: readonly (readonly [form: RegExp, shown: string])[] = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"],
  // The beginning of a node's id, in a table.
  [/(?<= {2})[0-9a-f]{8}(?= {2})/g, "xxxxxxxx"],
  [/127\.0\.0\.1:\d{5}\b/g, "127.0.0.1:NNNNN"],
  [/(port=|"Port": )\d{5}\b/g, "$1NNNNN"],
  [/((?:Create|Modify)Index"?:? *)\d+/g, "$1N"],
  // Praetor's own command line says its own name.
  [/\bPraetor\b/g, "Consul"],
  [/\bpraetor\b/g, "consul"],
  // The formatter lets no line of a document end in spaces.
  [/[ \t]+$/gm, ""],
];

export function masked(text: string): string {
  return masks.reduce((kept, [form, shown]) => kept.replace(form, shown), text);
}
