import { isAtLength } from "../at-length.ts";
import { decoders } from "./decoders.ts";

/** What is fuzzed besides single decoders: what goes in as a whole, at the doors of an agent or of its checks. */
export const wholeThings = [
  "http-request",
  "http-octets",
  "dns-udp",
  "dns-tcp",
  "keeper-request",
  "keeper-value",
  "check-answer",
  "check-answer-octets",
  "check-run",
] as const;
export type WholeThing = (typeof wholeThings)[number];

/** Whoever decodes a request holds up everybody else. */
export const answerMsMax = 1_000;

const minutes = Number(process.env["FUZZ_MINUTES"] ?? 60);

/** How long each of them and of the decoders has: at length an even share of an hour, or of FUZZ_MINUTES. */
export function shareMs(shortMs: number): number {
  return isAtLength ? (minutes * 60_000) / (decoders.length + wholeThings.length) : shortMs;
}
