import { access } from "node:fs/promises";
import { type HttpClient, jsonOf } from "../client/http.ts";
import { fieldsOf } from "../client/json-object.ts";
import { askServiceHealth } from "../client/service-health.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { askPostgresReady } from "./postgres-ready.ts";

/** The result of a checker. The exit code is that of a script check: 0 passing, 1 warning, 2 critical. */
export interface CheckerOutcome {
  readonly exitCode: 0 | 1 | 2;
  readonly text: string;
}

/** The servers and files that the checkers test, with a clock and a time limit in milliseconds. */
export interface CheckerTargets {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly agent: HttpClient;
  readonly kongAdmin: HttpClient;
  readonly kongDatabase: { readonly host: string; readonly port: number };
  readonly secretsSetupDoneFile: string;
  /**
   * The file that the set-up of the secret store writes when it is done. If undefined, the checker only tests that the secret
   * store runs.
   */
  readonly secretStoreSetupDoneFile: string | undefined;
}

type Checker = (targets: CheckerTargets) => Promise<CheckerOutcome>;

/** The server name of the certificate that EdgeX's proxy set-up stores in Kong. */
const proxyCertificateName = "edgex-kong";

/**
 * The checkers by service name. Each makes the test of the service's checker script in EdgeX Geneva, with the same exit codes.
 */
const checkers: ReadonlyMap<string, Checker> = new Map([
  ["kong-db", checkKongDatabase],
  // As in Geneva, this checker tests only that the migrations can run, not that they have run.
  ["kong-migrations", (targets: CheckerTargets) => checkService("kong-db", targets)],
  ["security-secrets-setup", (targets: CheckerTargets) => checkDoneFile(targets.secretsSetupDoneFile)],
  ["security-secretstore-setup", checkSecretStoreSetup],
  ["security-proxy-setup", checkProxySetup],
]);

export const checkerNames: readonly string[] = [...checkers.keys()];

/** Runs the checker of this name; an error counts as critical. Returns undefined for an unknown name. */
export async function runChecker(name: string, targets: CheckerTargets): Promise<CheckerOutcome | undefined> {
  const checker = checkers.get(name);
  try {
    return await checker?.(targets);
  } catch (thrown) {
    return critical(messageOf(thrown));
  }
}

async function checkKongDatabase({ kongDatabase, clock, timeoutMs }: CheckerTargets): Promise<CheckerOutcome> {
  const { host, port } = kongDatabase;
  await askPostgresReady({ host, port, user: "kong", database: "kong" }, { clock, timeoutMs });
  return passing(`${host}:${port} - accepting connections`);
}

async function checkSecretStoreSetup(targets: CheckerTargets): Promise<CheckerOutcome> {
  const vault = await checkService("vault", targets);
  const doneFile = targets.secretStoreSetupDoneFile;
  return vault.exitCode !== 0 || doneFile === undefined ? vault : checkDoneFile(doneFile);
}

async function checkProxySetup(targets: CheckerTargets): Promise<CheckerOutcome> {
  const kong = await checkService("kong", targets);
  if (kong.exitCode !== 0) return kong;
  const certificates = namesByCertificate(jsonOf(await targets.kongAdmin.requestOk({ path: "/certificates" })));
  const own = certificates.filter((names) => JSON.stringify(names) === JSON.stringify([proxyCertificateName]));
  if (own.length === 1) return passing(`kong has the certificate of ${proxyCertificateName}`);
  const found = `kong has ${own.length} certificates for ${proxyCertificateName} alone, not one`;
  return critical(`${found}; it has certificates for ${JSON.stringify(certificates)}`);
}

/** Returns the server names of each certificate in Kong's list. */
function namesByCertificate(json: unknown): readonly unknown[] {
  const certificates = fieldsOf(json)["data"];
  return Array.isArray(certificates) ? certificates.map((certificate: unknown) => fieldsOf(certificate)["snis"]) : [];
}

async function checkService(service: string, targets: CheckerTargets): Promise<CheckerOutcome> {
  const { status, complaints } = await askServiceHealth(service, { http: targets.agent });
  if (status === "passing") return passing(`${service} is passing`);
  return critical(
    `${service} ${status === undefined ? "is not known" : `is ${status}`}\n${complaints.join("\n")}`.trim(),
  );
}

/** Returns passing if the file exists, else a warning, because the set-up is still running. */
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
