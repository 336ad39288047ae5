import { decodeFailure } from "./json.ts";

/**
 * Decodes base64, ignoring line breaks.
 * @throws OperatingError invalid, code "decode", with Go's text, which names the position of the faulty byte
 */
export function decodeBase64(text: string): Uint8Array {
  const at = withoutBreaks.test(text) && text.length % 4 === 0 ? undefined : faultIn(text);
  if (at !== undefined) throw decodeFailure(`illegal base64 data at input byte ${at}`);
  return Uint8Array.fromBase64(text);
}

/** Matches base64 without line breaks. Such text is valid if its length is a multiple of 4, so it needs no search for a fault. */
const withoutBreaks = /^[A-Za-z0-9+/]*={0,2}$/;

function faultIn(text: string): number | undefined {
  let inQuantum = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (isBreak(character)) continue;
    if (character === "=") return faultInPadding(text, at, inQuantum);
    if (!/[A-Za-z0-9+/]/.test(character)) return at;
    inQuantum = (inQuantum + 1) % 4;
  }
  return inQuantum === 0 ? undefined : text.length - inQuantum;
}

function faultInPadding(text: string, from: number, inQuantum: number): number | undefined {
  if (inQuantum < 2) return from;
  let at = skipBreaks(text, from + 1);
  if (inQuantum === 2) {
    if (at === text.length) return at;
    // Go reports the position before that of the faulty character.
    if (text[at] !== "=") return at - 1;
    at = skipBreaks(text, at + 1);
  }
  return at === text.length ? undefined : at;
}

function skipBreaks(text: string, from: number): number {
  let at = from;
  while (isBreak(text[at] ?? "")) at += 1;
  return at;
}

function isBreak(character: string): boolean {
  return character === "\n" || character === "\r";
}
