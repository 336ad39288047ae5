import { OperatingError } from "../lib/errors.ts";
import { portPolicies, type PortPolicy } from "../model/port-record.ts";
import type { JwtConfig, MessageBusConfig, PortAllocationConfig, PortReservation } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";

const portMax = 65_535;
const prefixes = "edgex.message_bus.key_prefixes";
const audiences = "edgex.jwt.audiences";

/** Builds the configuration of port assignment from the settings. @throws OperatingError invalid */
export function buildPortAllocation(settings: Settings): PortAllocationConfig {
  const policies = Object.entries(settings.textMap("edgex.ports.policies"));
  return {
    policy: policyOf(settings, "edgex.ports.policy", settings.text("edgex.ports.policy")),
    policies: new Map(policies.map(([name, text]) => [name, policyOf(settings, "edgex.ports.policies", text)])),
    range: rangeOf(settings),
    reserved: settings.texts("edgex.ports.reserved").map((text) => reservationOf(settings, text)),
  };
}

/**
 * Builds the configuration of the message bus; undefined if no broker is configured.
 * @throws OperatingError invalid
 */
export function buildMessageBus(settings: Settings, nodeName: string): MessageBusConfig | undefined {
  const url = settings.text("edgex.message_bus.url");
  if (url === "") return undefined;
  return {
    url: brokerUrl(settings, url),
    clientId: settings.optionalText("edgex.message_bus.client_id") ?? `praetor-${nodeName}`,
    username: settings.optionalText("edgex.message_bus.username"),
    password: settings.optionalText("edgex.message_bus.password"),
    topicPrefix: settings.text("edgex.message_bus.topic_prefix").replace(/\/+$/, ""),
    // This default is not in defaults.ts, because merging would append configured lists to it.
    keyPrefixes: settings.has(prefixes) ? settings.texts(prefixes) : ["edgex/"],
    base64Payload: settings.flag("edgex.message_bus.base64_payload"),
    cbor: settings.flag("edgex.message_bus.cbor"),
  };
}

/**
 * Builds the configuration of the JWTs that core-keeper's API accepts; undefined if it accepts none.
 * @throws OperatingError invalid
 */
export function buildJwt(settings: Settings, hasAccessControl: boolean): JwtConfig | undefined {
  const [keys, store, file] = ["edgex.jwt.keys", "edgex.jwt.secret_store", "edgex.jwt.token_file"] as const;
  const [keysAt, storeAt, tokenFile] = [settings.text(keys), settings.text(store), settings.text(file)];
  if (keysAt === "" && storeAt === "") {
    const alone = ["token_file", "ca_file", "issuer", "audiences"].map((name) => `edgex.jwt.${name}`);
    const given = alone.find((path) => settings.isGiven(path));
    if (given === undefined) return undefined;
    throw invalid(`${given} needs edgex.jwt.keys or edgex.jwt.secret_store${settings.from(given)}`);
  }
  if (keysAt !== "" && storeAt !== "")
    throw invalid(`${keys} and ${store}: JWTs are checked by one of them. Remove the other${settings.from(store)}`);
  const source = keysAt === "" ? store : keys;
  if (!hasAccessControl)
    throw invalid(`${source} needs acl.enabled: without access control no request needs a JWT${settings.from(source)}`);
  if (storeAt !== "" && tokenFile === "")
    throw invalid(`${store} needs ${file}: the agent's own token for the secret store${settings.from(store)}`);
  const issuer = settings.text("edgex.jwt.issuer");
  if (issuer === "")
    throw invalid(`edgex.jwt.issuer cannot be empty: any issuer would do${settings.from("edgex.jwt.issuer")}`);
  return {
    source:
      storeAt === ""
        ? { kind: "keys", at: /^https?:/i.test(keysAt) ? webUrl(settings, keys) : keysAt }
        : { kind: "secret store", url: webUrl(settings, store).replace(/\/+$/, ""), tokenFile },
    authorityFile: settings.optionalText("edgex.jwt.ca_file"),
    issuer,
    // This default is not in defaults.ts, because merging would append configured lists to it.
    audiences: settings.has(audiences) ? settings.texts(audiences) : ["edgex"],
  };
}

function webUrl(settings: Settings, path: string): string {
  const url = URL.parse(settings.text(path));
  // A password in it would be in error texts.
  if (url && ["http:", "https:"].includes(url.protocol) && url.username === "" && url.password === "") return url.href;
  const fault = "is no address of a web server. Write http://host:8200 or https://host:8200, without a user name";
  throw invalid(`${path} ${fault}${settings.from(path)}`);
}

function policyOf(settings: Settings, path: string, text: string): PortPolicy {
  const policy = portPolicies.find((each) => each === text);
  if (policy !== undefined) return policy;
  const valid = portPolicies.join(", ");
  throw invalid(`${path}: ${JSON.stringify(text)} is no policy. Valid ones are: ${valid}${settings.from(path)}`);
}

function rangeOf(settings: Settings): { readonly first: number; readonly last: number } {
  const text = settings.text("edgex.ports.range");
  const [first = 0, last = 0] = (/^(\d+)-(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (first >= 1 && first <= last && last <= portMax) return { first, last };
  const example = `Write the first and the last port: "28000-28999"${settings.from("edgex.ports.range")}`;
  throw invalid(`edgex.ports.range: ${JSON.stringify(text)} is no range of ports. ${example}`);
}

function reservationOf(settings: Settings, text: string): PortReservation {
  const [, host = "", digits = ""] = /^(?:(.+):)?(\d+)$/.exec(text) ?? [];
  const port = Number(digits);
  if (port >= 1 && port <= portMax) return { host: host === "" ? undefined : host, port };
  const example = `Write "1883", or "edgex-redis:6379"${settings.from("edgex.ports.reserved")}`;
  throw invalid(`edgex.ports.reserved: ${JSON.stringify(text)} is no port. ${example}`);
}

/** Returns the broker's URL as mqtt:// or mqtts://. Also accepts EdgeX's names for these schemes: tcp:// and ssl://. */
function brokerUrl(settings: Settings, text: string): string {
  const url = URL.parse(text.replace(/^tcp:/, "mqtt:").replace(/^ssl:/, "mqtts:"));
  if (url && ["mqtt:", "mqtts:"].includes(url.protocol) && url.hostname !== "") return url.href;
  const example = `Write "mqtt://localhost:1883", or "mqtts://..." with TLS${settings.from("edgex.message_bus.url")}`;
  throw invalid(`edgex.message_bus.url: ${JSON.stringify(text)} is no address of an MQTT broker. ${example}`);
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-config", message);
}
