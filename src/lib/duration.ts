import { OperatingError } from "./errors.ts";

const hourMs = 3_600_000;

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3, // U+00B5, micro sign
  μs: 1e-3, // U+03BC, Greek mu
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: hourMs,
};

/**
 * Parses a Go duration ("1h30m", "1.5s", "-2ms", "0") into milliseconds. Error texts are those of Go's time.ParseDuration,
 * which Consul's clients show to their users.
 * @throws OperatingError invalid
 */
export function parseDuration(text: string): number {
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return 0;
  if (rest === "") throw invalidDuration(`invalid duration ${JSON.stringify(text)}`);
  let totalMs = 0;
  let at = 0;
  while (at < rest.length) {
    const [matched, number = "", unit = ""] = /^(\d+\.?\d*|\.\d+)?([^\d.]*)/.exec(rest.slice(at)) ?? [""];
    if (number === "") throw invalidDuration(`invalid duration ${JSON.stringify(text)}`);
    if (unit === "") throw invalidDuration(`missing unit in duration ${JSON.stringify(text)}`);
    const scale = unitMs[unit];
    if (scale === undefined)
      throw invalidDuration(`unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    totalMs += Number(number) * scale;
    at += matched.length;
  }
  if (totalMs > nanosecondsMax / 1e6) throw invalidDuration(`invalid duration ${JSON.stringify(text)}`);
  return sign === "-" ? -totalMs : totalMs;
}

/**
 * Parses a duration as parseDuration does, and also accepts days, as EdgeX writes them: "1d", "1d12h", "0.5d".
 * @throws OperatingError invalid
 */
export function parseDurationWithDays(text: string): number {
  let days = 0;
  // The look-behind lets a match begin only where a number begins. Without it a long run of digits takes quadratic time.
  const rest = text.replaceAll(/(?<![\d.])(\d+(?:\.\d*)?|\.\d+)d/g, (_, number: string) => {
    days += Number(number);
    return "";
  });
  const totalMs = days * 24 * hourMs + (rest.trim() === "" && rest !== text ? 0 : parseDuration(rest.trim()));
  if (totalMs > nanosecondsMax / 1e6) throw invalidDuration(`invalid duration ${JSON.stringify(text)}`);
  return totalMs;
}

/** Longest duration of Go, in nanoseconds: the largest signed 64-bit integer. */
const nanosecondsMax = 2 ** 63 - 1;

function invalidDuration(what: string): OperatingError {
  return new OperatingError("invalid", "invalid-duration", `time: ${what}`);
}

/** Formats milliseconds as Go prints a duration: "10s", "1m0s", "1h0m0s", "1.5s", "250ms", "0s". */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1e-3) return `${trimNumber(ms * 1e6)}ns`;
  if (ms < 1) return `${trimNumber(ms * 1e3)}µs`;
  if (ms < 1_000) return `${trimNumber(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = `${trimNumber((ms % 60_000) / 1_000)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

function trimNumber(value: number): string {
  return String(Number(value.toFixed(9)));
}
