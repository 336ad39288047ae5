import { statSync } from "node:fs";
import { dnsLabelFault } from "../model/dns-label.ts";
import { autoEncryptWarnings } from "./auto-encrypt.ts";
import { fields } from "./fields.ts";
import type { RuntimeConfig } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";
import { unguardedAddresses } from "./unguarded.ts";

type Unwarned = Omit<RuntimeConfig, "files" | "warnings" | "consulNodeId">;

/** Returns warnings about valid settings, which the agent logs at start. */
export function configWarnings(config: Unwarned, settings: Settings): readonly string[] {
  return [
    ...nodeNameWarnings(config),
    ...bootstrapWarnings(config, settings),
    ...joinWarnings(config, settings),
    ...scriptWarnings(config),
    ...accessWarnings(config),
    ...autoEncryptWarnings(config, settings),
    ...uiWarnings(config, settings),
    ...auditWarnings(config, settings),
    ...schemaWarnings(config, settings),
    ...backupWarnings(config, settings),
    ...observeWarnings(config),
    ...remoteExecWarnings(settings),
    ...unusedWarnings(settings),
  ];
}

function nodeNameWarnings({ nodeName }: Unwarned): readonly string[] {
  const why = dnsLabelFault(nodeName);
  return why === undefined
    ? []
    : [`Node name ${JSON.stringify(nodeName)} will not be discoverable via DNS due to ${why}`];
}

function bootstrapWarnings(config: Unwarned, settings: Settings): readonly string[] {
  const { server, devMode } = config;
  const isOne = server && !devMode && settings.number("bootstrap_expect") === 1;
  return isOne ? ["BootstrapExpect is set to 1; this is the same as Bootstrap mode."] : [];
}

/** Warns about addresses of other servers on a server that stands alone in any case. */
function joinWarnings({ server, bootstrap, devMode }: Unwarned, settings: Settings): readonly string[] {
  if (!server || !(bootstrap || devMode)) return [];
  const given = ["start_join", "retry_join"].filter((path) => settings.texts(path).length > 0);
  const kind = devMode ? "a server in development mode" : "a server with bootstrap";
  return given.map((path) => `${path}: ${kind} stands alone, and joins no other server${settings.from(path)}`);
}

function scriptWarnings(config: Unwarned): readonly string[] {
  const isGuarded = config.accessControl?.defaultPolicy === "deny" || config.httpAllowWriteFrom.length > 0;
  if (!config.enableScriptChecks || isGuarded) return [];
  return [
    "using enable-script-checks without ACLs and without allow_write_http_from is DANGEROUS: whoever reaches the HTTP " +
      "port can run programs here. Use enable-local-script-checks instead",
  ];
}

/** Warns of an agent that serves everybody. */
function accessWarnings(config: Unwarned): readonly string[] {
  const addresses = unguardedAddresses(config);
  if (addresses.length === 0) return [];
  const remedy = "Set acl.enabled (docs/security.md has the commands), or listen on 127.0.0.1 alone";
  return [
    `access control is off, and the agent listens on ${addresses.join(" and ")}: whoever reaches this machine can read and ` +
      `change everything. ${remedy}`,
  ];
}

/** Warns if the UI's folder is missing. A missing folder is no error, since it must not keep a gateway's agent from starting. */
function uiWarnings({ uiDir }: Unwarned, settings: Settings): readonly string[] {
  if (uiDir === undefined || statSync(uiDir, { throwIfNoEntry: false })?.isDirectory()) return [];
  return [`ui_dir ${JSON.stringify(uiDir)} is not a folder: no UI is served${settings.from("ui_dir")}`];
}

function auditWarnings({ audit }: Unwarned, settings: Settings): readonly string[] {
  if (audit || !settings.flag("audit.enabled")) return [];
  return [`audit.enabled has no effect without audit.sink, the file of the audit log${settings.from("audit.enabled")}`];
}

function schemaWarnings({ kvSchemas }: Unwarned, settings: Settings): readonly string[] {
  const field = "kv_schemas.mode";
  if (kvSchemas || !settings.isGiven(field)) return [];
  return [`${field} has no effect without kv_schemas.edgex or kv_schemas.files${settings.from(field)}`];
}

function backupWarnings({ backup, server }: Unwarned, settings: Settings): readonly string[] {
  if (!backup || server) return [];
  return [`backup.folder has no effect on a client agent: only servers make backups${settings.from("backup.folder")}`];
}

function observeWarnings({ accessControl }: Unwarned): readonly string[] {
  if (!accessControl?.isObserved) return [];
  return ["acl.mode is observe: no request is refused but those for tokens, policies and roles"];
}

/** Warns if the configuration enables remote execution, which Praetor does not have. */
function remoteExecWarnings(settings: Settings): readonly string[] {
  const field = "disable_remote_exec";
  if (settings.optionalFlag(field) !== false) return [];
  return [`${field} is false, and yet this agent runs no commands of \`consul exec\`${settings.from(field)}`];
}

function unusedWarnings(settings: Settings): readonly string[] {
  return fields
    .filter(({ path, use }) => use === "unused" && settings.isGiven(path))
    .map(({ path, meaning }) => `${path} has no meaning here: ${meaning}${settings.from(path)}`);
}
