/** The texts that differ between runs and agents, each with its mask. A text in a table has a mask of the same length. */
const masks: readonly (readonly [form: RegExp, shown: string])[] = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"],
  // The beginning of a node's id, in a table.
  [/(?<= {2})[0-9a-f]{8}(?= {2})/g, "xxxxxxxx"],
  [/127\.0\.0\.1:\d{5}\b/g, "127.0.0.1:NNNNN"],
  [/(port=|"Port": )\d{5}\b/g, "$1NNNNN"],
  [/((?:Create|Modify) ?Index"?:? *)\d+/g, "$1N"],
  [/(reset index: )\d+/g, "$1N"],
  // Times of tokens, which differ, and hashes of content that contains ids.
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000 UTC/g, "DATE TIME +0000 UTC"],
  [/("(?:Create|Expiration)Time": )"20[^"]*"/g, '$1"TIME"'],
  [/(Hash: +)[0-9a-f]{64}/g, "$1HASH"],
  [/("Hash": )"[^"]{44}"/g, '$1"HASH"'],
  // Consul has no auth method for passwords.
  [/\[jwt kubernetes userpass\]/g, "[jwt kubernetes]"],
  // Praetor's command line prints its own name where Consul's prints "consul".
  [/\bPraetor\b/g, "Consul"],
  [/\bpraetor\b/g, "consul"],
  // The formatter removes spaces at the end of a document's lines.
  [/[ \t]+$/gm, ""],
];

export function masked(text: string): string {
  return masks.reduce((kept, [form, shown]) => kept.replace(form, shown), text);
}
