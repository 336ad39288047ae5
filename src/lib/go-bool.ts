/** Parses a boolean as Go's strconv.ParseBool does. Returns undefined for a text that ParseBool refuses. */
export function parseBool(text: string): boolean | undefined {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  return undefined;
}
