/** Returns whether a key's name says that its value is a secret, which no error and no log may show. The browser UI hides the same ones. */
export function looksSecret(key: string): boolean {
  return key.startsWith("vault/") || secretWords.test(key);
}

const secretWords = /passwo?r?d|secret|token|credential|private-?_?key|api-?_?key/i;

/** Returns whether a value names a secret in its text, as JSON with a field "password" does. */
export function mentionsSecret(value: string): boolean {
  return secretWords.test(value);
}
