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

/** What one input may take on a quiet machine: decoding a request holds up all others. */
export const answerMsMax = 1_000;

const minutes = Number(process.env["FUZZ_MINUTES"] ?? 60);

/** How long each of them and of the decoders has at length: an even share of an hour, or of FUZZ_MINUTES. */
export const shareMs: number = (minutes * 60_000) / (decoders.length + wholeThings.length);
