/* Values of keys: bytes, which the API has as base64. Most are text, some are not. */

/** An element of `v1/kv/KEY`. */
export interface Pair {
  readonly Key: string;
  /** Base64; null for an empty value. */
  readonly Value: string | null;
  readonly Flags: number;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly LockIndex: number;
  /** The id of the session that holds the key's lock. */
  readonly Session?: string;
}

/** The largest value that the screen edits, in bytes: the agent's own limit (kv_max_value_size). */
export const editedBytesMax: number = 512 * 1024;
/** The first part of a large value that a screen shows, in bytes. */
export const shownBytesMax: number = 64 * 1024;

/** Returns the bytes of a value. */
export function bytesOf({ Value }: Pick<Pair, "Value">): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(Value ?? ""), (character) => character.charCodeAt(0));
}

/** Returns the length of a value in bytes, without decoding it. */
export function byteLengthOf({ Value }: Pick<Pair, "Value">): number {
  if (Value === null || Value === "") return 0;
  return (Value.length / 4) * 3 - (/=*$/.exec(Value)?.[0].length ?? 0);
}

/** Returns bytes as base64. */
export function base64Of(bytes: Uint8Array): string {
  let text = "";
  // Character by character is slow, and all at once is more arguments than a call takes.
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}

/** Returns the text of bytes; undefined if they are no UTF-8, or have a character that no text has (NUL). */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Returns the first bytes that a screen shows, cut between two characters. */
export function firstPartOf(bytes: Uint8Array): Uint8Array {
  return bytes.length <= shownBytesMax ? bytes : bytes.subarray(0, wholeCharacters(bytes, shownBytesMax));
}

/** Returns bytes in lines of 16: "00000010  48 65 6c 6c 6f ...  Hello". */
export function hexOf(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = [...bytes.subarray(at, at + 16)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}

/** Returns the first 80 characters of a value in one line, for a list. */
export function previewOf({ Value }: Pick<Pair, "Value">): string {
  const all = Value ?? "";
  // A character has at most four bytes, and base64 four characters for three bytes.
  const head = all.slice(0, 4 * Math.ceil((80 * 4 + 4) / 3));
  const bytes = bytesOf({ Value: head });
  // The last character may be cut.
  const sure = head.length < all.length ? bytes.subarray(0, wholeCharacters(bytes, bytes.length - 1)) : bytes;
  const text = textOf(sure);
  return text === undefined ? "binary" : Array.from(text.replaceAll(/\s+/g, " ")).slice(0, 80).join("");
}

/** Returns the largest number of bytes, at most `end`, that ends between two characters of UTF-8. */
function wholeCharacters(bytes: Uint8Array, end: number): number {
  let at = end;
  // RFC 3629: the bytes within a character begin with the bits 10.
  while (at > end - 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}

/** Returns a size for people: "17 B", "4.2 KiB". */
export function sizeText(bytes: number): string {
  return bytes < 1_024 ? `${bytes} B` : `${(bytes / 1_024).toFixed(1)} KiB`;
}

export type Format = "json" | "yaml" | "toml" | "text";

/** Returns the format of a text: that of the key's name if it has one, else a guess by the content. */
export function formatOf(key: string, text: string): Format {
  const named = /\.(json|ya?ml|toml)$/i.exec(key)?.[1]?.toLowerCase();
  if (named !== undefined) return named === "json" || named === "toml" ? named : "yaml";
  const body = text.trim();
  if (/^[[{]/.test(body) && /[\]}]$/.test(body) && !/^\[[^\]{"]*\]\s*\n/.test(body)) return "json";
  if (/^\s*(?:\[[\w."-]+\]|\w[\w.-]*\s*=\s*(?:["'\d[{]|true|false))/m.test(body) && body.includes("=")) return "toml";
  if (/^(?:---|[\w"'.-]+:(?:\s|$))/m.test(body) && body.includes("\n")) return "yaml";
  return "text";
}

/** How the lines of a text end. A field of a browser knows "\n" only, so the ends of the others have to be put back. */
export type LineEnds = "lf" | "crlf" | "mixed";

export function lineEndsOf(text: string): LineEnds {
  if (!text.includes("\r")) return "lf";
  return /(?<!\r)\n|\r(?!\n)/.test(text) ? "mixed" : "crlf";
}

/** Returns the text as a field has it. */
export function toField(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n");
}

/** Returns the text of a field with the line ends that it had; mixed ones become "\n". */
export function fromField(text: string, ends: LineEnds): string {
  return ends === "crlf" ? text.replaceAll("\n", "\r\n") : text;
}
