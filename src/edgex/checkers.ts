import { access } from "node:fs/promises";
import { type HttpClient, jsonOf } from "../client/http.ts";
import { fieldsOf } from "../client/json-object.ts";
import { askServiceHealth } from "../client/service-health.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { askPostgresReady } from "./postgres-ready.ts";

/** As script checks use exit codes: 0 passing, 1 warning, anything else critical. */
export interface CheckerOutcome {
  readonly exitCode: 0 | 1 | 2;
  readonly text: string;
}

/** Where the checkers look. */
export interface CheckerWorld {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly agent: HttpClient;
  readonly kongAdmin: HttpClient;
  readonly kongDatabase: { readonly host: string; readonly port: number };
  readonly secretsSetupDoneFile: string;
  /** undefined: that the secret store runs is enough. */
  readonly secretStoreSetupDoneFile: string | undefined;
}

type Checker = (world: CheckerWorld) => Promise<CheckerOutcome>;

/** The name of the certificate that the proxy set-up gives Kong. */
const proxyCertificateName = "edgex-kong";

/** What Geneva's checker scripts test, by the service that they answer for; outcomes are theirs. */
const checkers: ReadonlyMap<string, Checker> = new Map([
  ["kong-db", checkKongDatabase],
  // As Geneva has it: that the migrations have run is not tested, only that they can.
  ["kong-migrations", (world: CheckerWorld) => checkService("kong-db", world)],
  ["security-secrets-setup", (world: CheckerWorld) => checkDoneFile(world.secretsSetupDoneFile)],
  ["security-secretstore-setup", checkSecretStoreSetup],
  ["security-proxy-setup", checkProxySetup],
]);

export const checkerNames: readonly string[] = [...checkers.keys()];

/** The outcome of one checker, or undefined when there is none of this name. What cannot be asked is critical. */
export async function runChecker(name: string, world: CheckerWorld): Promise<CheckerOutcome | undefined> {
  const checker = checkers.get(name);
  try {
    return await checker?.(world);
  } catch (thrown) {
    return critical(messageOf(thrown));
  }
}

async function checkKongDatabase({ kongDatabase, clock, timeoutMs }: CheckerWorld): Promise<CheckerOutcome> {
  const { host, port } = kongDatabase;
  await askPostgresReady({ host, port, user: "kong", database: "kong" }, { clock, timeoutMs });
  return passing(`${host}:${port} - accepting connections`);
}

async function checkSecretStoreSetup(world: CheckerWorld): Promise<CheckerOutcome> {
  const vault = await checkService("vault", world);
  const doneFile = world.secretStoreSetupDoneFile;
  return vault.exitCode !== 0 || doneFile === undefined ? vault : checkDoneFile(doneFile);
}

async function checkProxySetup(world: CheckerWorld): Promise<CheckerOutcome> {
  const kong = await checkService("kong", world);
  if (kong.exitCode !== 0) return kong;
  const certificates = namesByCertificate(jsonOf(await world.kongAdmin.requestOk({ path: "/certificates" })));
  const own = certificates.filter((names) => JSON.stringify(names) === JSON.stringify([proxyCertificateName]));
  if (own.length === 1) return passing(`kong has the certificate of ${proxyCertificateName}`);
  const found = `kong has ${own.length} certificates for ${proxyCertificateName} alone, not one`;
  return critical(`${found}; it has certificates for ${JSON.stringify(certificates)}`);
}

/** Kong's list of certificates, as the list of server names of each. */
function namesByCertificate(json: unknown): readonly unknown[] {
  const certificates = fieldsOf(json)["data"];
  return Array.isArray(certificates) ? certificates.map((certificate: unknown) => fieldsOf(certificate)["snis"]) : [];
}

async function checkService(service: string, world: CheckerWorld): Promise<CheckerOutcome> {
  const { status, complaints } = await askServiceHealth(service, { http: world.agent });
  if (status === "passing") return passing(`${service} is passing`);
  return critical(
    `${service} ${status === undefined ? "is not known" : `is ${status}`}\n${complaints.join("\n")}`.trim(),
  );
}

/** A file that is not there yet is a warning: the set-up is still running. */
async function checkDoneFile(path: string): Promise<CheckerOutcome> {
  try {
    await access(path);
    return passing(`${path} exists`);
  } catch (thrown) {
    return { exitCode: 1, text: `not finished yet: ${messageOf(thrown)}` };
  }
}

function passing(text: string): CheckerOutcome {
  return { exitCode: 0, text };
}

function critical(text: string): CheckerOutcome {
  return { exitCode: 2, text };
}
