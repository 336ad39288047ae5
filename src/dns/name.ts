/** A domain name: its labels from the left, the root's left out. Each character of a label is one octet. */
export type Name = readonly string[];

/** RFC 1035, section 2.3.4. */
const labelBytesMax = 63;
const nameBytesMax = 255;

/**
 * "web.service.consul", with the final dot or without; letters beyond ASCII are taken as UTF-8. undefined when it does
 * not fit into a DNS message: an empty or long label, or too long as a whole.
 */
export function parseName(text: string): Name | undefined {
  const trimmed = text.endsWith(".") ? text.slice(0, -1) : text;
  if (trimmed === "") return [];
  const labels = octetsOf(trimmed).split(".");
  const fits = labels.every((label) => label.length > 0 && label.length <= labelBytesMax);
  return fits && nameBytes(labels) <= nameBytesMax ? labels : undefined;
}

/** The name with the domain's labels after it; undefined when that is too long. */
export function within(domain: Name, text: string): Name | undefined {
  const labels = parseName(text);
  return labels && nameBytes(labels) + nameBytes(domain) - 1 <= nameBytesMax ? [...labels, ...domain] : undefined;
}

/** What people and the registry call it, in lower case: labels joined by dots, read as UTF-8. */
export function nameText(labels: Name): string {
  const octets = labels.join(".");
  const text = isAscii(octets) ? octets : Buffer.from(octets, "latin1").toString("utf8");
  return text.toLowerCase();
}

/** Names are equal without regard to the letter case of ASCII letters: RFC 4343. */
export function endsWith(name: Name, suffix: Name): boolean {
  const offset = name.length - suffix.length;
  return offset >= 0 && suffix.every((label, at) => lower(name[offset + at]) === lower(label));
}

/** As long as it is in a message, uncompressed. */
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
