import { keeperVersion } from "../../model/keeper-version.ts";
import { json, versioned } from "../answers.ts";
import type { Endpoint, Keeper } from "../keeper.ts";

const serviceName = "core-keeper";

export function ping({ clock }: Keeper): Endpoint {
  return () => json(200, versioned({ timestamp: unixDate(clock.wallMs()), serviceName }));
}

export function getVersion(): Endpoint {
  return () => json(200, versioned({ version: keeperVersion, serviceName }));
}

export function getConfig({ describe }: Keeper): Endpoint {
  return () => json(200, versioned({ config: describe(), serviceName }));
}

/** Formats a time in Go's UnixDate layout: "Fri Jan  2 15:04:05 UTC 2026". */
function unixDate(ms: number): string {
  // The format of toUTCString is "Fri, 02 Jan 2026 15:04:05 GMT".
  const [weekday = "", day = "", month = "", year = "", time = ""] = new Date(ms).toUTCString().split(" ");
  return `${weekday.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`;
}
