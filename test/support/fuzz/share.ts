import { decoders } from "./decoders.ts";

/** The fuzzed targets besides single decoders: whole requests to an agent, answers to its checks, and logins. */
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
  "access-request",
  "access-body",
  "access-login",
] as const;
export type WholeThing = (typeof wholeThings)[number];

/**
 * Maximum duration of one input on a quiet machine, in milliseconds. The agent decodes in its only thread, so a slow input delays
 * all requests.
 */
export const answerMsMax = 1_000;

const minutes = Number(process.env["FUZZ_MINUTES"] ?? 60);

/** The time for each target and decoder in the long form, in milliseconds: an even share of an hour, or of FUZZ_MINUTES. */
export const shareMs: number = (minutes * 60_000) / (decoders.length + wholeThings.length);
