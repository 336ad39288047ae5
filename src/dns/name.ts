/** A domain name: its labels from the left, without the root's empty label. Each character of a label is one octet. */
export type Name = readonly string[];

/** Maximum length of a label in octets: RFC 1035, section 2.3.4. */
const labelBytesMax = 63;
const nameBytesMax = 255;

/**
 * Parses "web.service.consul", with or without the final dot, into labels. Characters beyond ASCII become UTF-8. Returns
 * undefined if a label is empty or longer than 63 octets, or the name is longer than 255 octets.
 */
export function parseName(text: string): Name | undefined {
  const trimmed = text.endsWith(".") ? text.slice(0, -1) : text;
  if (trimmed === "") return [];
  const labels = octetsOf(trimmed).split(".");
  const fits = labels.every((label) => label.length > 0 && label.length <= labelBytesMax);
  return fits && nameBytes(labels) <= nameBytesMax ? labels : undefined;
}

/** Parses a name relative to a domain; undefined if the text is no name, or name and domain together are too long. */
export function nameIn(domain: Name, text: string): Name | undefined {
  const labels = parseName(text);
  return labels && nameBytes(labels) + nameBytes(domain) - 1 <= nameBytesMax ? [...labels, ...domain] : undefined;
}

/** Returns the name in the form that the registry uses: labels joined by dots, UTF-8 decoded, in lower case. */
export function nameText(labels: Name): string {
  const octets = labels.join(".");
  const text = isAscii(octets) ? octets : Buffer.from(octets, "latin1").toString("utf8");
  return text.toLowerCase();
}

/** Returns whether the name ends with the labels of `suffix`. RFC 4343: the letter case of ASCII letters is ignored. */
export function endsWith(name: Name, suffix: Name): boolean {
  const offset = name.length - suffix.length;
  return offset >= 0 && suffix.every((label, at) => lower(name[offset + at]) === lower(label));
}

/** Returns the length in octets that the name has in an uncompressed message. */
export function nameBytes(labels: Name): number {
  return labels.reduce((bytes, label) => bytes + 1 + label.length, 1);
}

function lower(label: string | undefined): string | undefined {
  return label?.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function octetsOf(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
