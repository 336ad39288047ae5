import { parseDuration } from "../lib/duration.ts";
import { parseBool } from "../lib/go-bool.ts";
import { textOf, type ValueFault, type ValueRules } from "./value-rules.ts";

/** A type of the settings of EdgeX. */
interface SettingType {
  /** The values that EdgeX takes, for errors: "a port from 1 to 65535". */
  readonly takes: string;
  readonly accepts: (text: string) => boolean;
}

const portMax = 65_535;

const ownPort: SettingType = { takes: "a port from 1 to 65535", accepts: (text) => isPort(text) && Number(text) > 0 };

/** The port of another program. A service that does not use the program stores 0. */
const othersPort: SettingType = { takes: "a port from 0 to 65535", accepts: isPort };

/** EdgeX's Go services ignore a level in any other letter case. */
const logLevel: SettingType = {
  takes: "TRACE, DEBUG, INFO, WARN or ERROR",
  accepts: (text) => text === "" || ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].includes(text),
};

const duration: SettingType = {
  takes: 'a duration such as "10s" or "1m30s"',
  accepts: (text) => text === "" || isDuration(text),
};

const boolean: SettingType = {
  takes: "true or false",
  accepts: (text) => text === "" || parseBool(text) !== undefined,
};

/**
 * The settings whose type is the same in all services and versions of EdgeX that have them. "*" stands for one name. A Go service
 * stores an empty text for a setting that it was not given, so only ports refuse it.
 */
const settings: Readonly<Record<string, SettingType>> = {
  "Service/Port": ownPort,
  "Clients/*/Port": othersPort,
  "Database/Port": othersPort,
  "Databases/*/Port": othersPort,
  "MessageBus/Port": othersPort,
  "MessageQueue/Port": othersPort,
  "Registry/Port": othersPort,
  "SecretStore/Port": othersPort,
  "Writable/LogLevel": logLevel,
  "Device/Discovery/Interval": duration,
  "Service/CheckInterval": duration,
  "Service/HealthCheckInterval": duration,
  "Service/RequestTimeout": duration,
  "Writable/Telemetry/Interval": duration,
  "Device/DataTransform": boolean,
  "Device/Discovery/Enabled": boolean,
  "Logging/EnableRemote": boolean,
  "Service/CORSConfiguration/CORSAllowCredentials": boolean,
  "Service/CORSConfiguration/EnableCORS": boolean,
  "Service/EnableNameFieldEscape": boolean,
  "Writable/PersistData": boolean,
  "Writable/Telemetry/Metrics/*": boolean,
};

/** The paths of the settings of known type, with what EdgeX takes for each. */
export const knownSettings: readonly (readonly [path: string, takes: string])[] = Object.entries(settings).map(
  ([path, { takes }]) => [path, takes],
);

/**
 * The folder of a service's configuration, "edgex/core/1.0/SERVICE/" of EdgeX 1, "edgex/core/2.0/SERVICE/" of EdgeX 2, "edgex/v3/SERVICE/"
 * and "edgex/v4/SERVICE/" of EdgeX 3 and 4, whose common configuration has a further folder. The rest is the path of the setting.
 */
const settingKey =
  /^edgex\/(?:(?:core|devices|appservices|security)\/[12]\.0|v[34])\/[^/]+\/(?:(?:all|app|device)-services\/)?(.+)$/;

/** The rules for the settings of EdgeX's services whose types are known. */
export const edgexRules: ValueRules = {
  faultOf(key, value): ValueFault | undefined {
    const path = key.startsWith("edgex/") ? settingKey.exec(key)?.[1] : undefined;
    const type = path === undefined ? undefined : typeOf(path);
    if (!type || type.accepts(textOf(value))) return undefined;
    return { rule: `EdgeX takes ${type.takes} for ${path}`, at: "" };
  },
};

/** Returns the type of a setting; undefined if it is not known. */
function typeOf(path: string): SettingType | undefined {
  if (Object.hasOwn(settings, path)) return settings[path];
  return patterns.find(({ pattern }) => pattern.test(path))?.type;
}

const patterns = Object.entries(settings)
  .filter(([path]) => path.includes("*"))
  .map(([path, type]) => ({ pattern: new RegExp(`^${path.replace("*", "[^/]+")}$`), type }));

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= portMax;
}

function isDuration(text: string): boolean {
  try {
    parseDuration(text);
    return true;
  } catch {
    return false;
  }
}
