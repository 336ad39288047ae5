import { expect, onTestFinished } from "bun:test";
import { type Answer, exchange, type ExchangeRequest } from "./exchange.ts";
import { freePorts } from "./free-ports.ts";
import { startTarget, type Target } from "./target.ts";

/** An agent that serves core-keeper's API beside Consul's. */
export interface KeeperTarget {
  readonly target: Target;
  /** URL of core-keeper's API: http://127.0.0.1:port */
  readonly url: string;
  /** Sends a request, such as "GET /ping", to core-keeper's API. The request's path is relative to /api/v3. */
  readonly ask: (request: string, body?: unknown, more?: Omit<ExchangeRequest, "path" | "body">) => Promise<Answer>;
  /** Sends a request, such as "GET /agent/self", to Consul's API. The request's path is relative to /v1. */
  readonly consul: (request: string, body?: unknown) => Promise<Answer>;
}

export async function startKeeperTarget(...words: readonly string[]): Promise<KeeperTarget> {
  const [port = 0] = await freePorts(1);
  const target = await startTarget("-keeper-port", String(port), ...words);
  const url = `http://127.0.0.1:${port}`;
  return {
    target,
    url,
    ask(request, body, more) {
      const [method = "", path = ""] = request.split(" ");
      return exchange(url, method, { path: `/api/v3${path}`, body, ...more });
    },
    consul(request, body) {
      const [method = "", path = ""] = request.split(" ");
      return exchange(target.url, method, { path: `/v1${path}`, body });
    },
  };
}

let shared: Promise<KeeperTarget> | undefined;

/** Returns the agent that all files of one test run share. */
export function sharedKeeper(): Promise<KeeperTarget> {
  shared ??= startKeeperTarget();
  return shared;
}

/** Expects a refusal with exactly this status and text. */
export function expectRefusal(answer: Answer, status: number, message: string): void {
  expect({ status: answer.status, json: answer.json }).toEqual({
    status,
    json: { apiVersion: "v3", message, statusCode: status },
  });
  expect(answer.header("Content-Type")).toBe("application/json");
}

/** Expects status 200 and a body with apiVersion, statusCode and exactly these further fields. */
export function expectSuccess(answer: Answer, fields: object): void {
  expect({ status: answer.status, json: answer.json }).toEqual({
    status: 200,
    json: { apiVersion: "v3", statusCode: 200, ...fields },
  });
}

/** The fields of a registration that a test sets; the others have valid defaults. */
export interface RegistrationFields {
  readonly serviceId?: unknown;
  readonly status?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
  readonly [other: string]: unknown;
}

/** Returns the body of a registration. No program listens at the registered port, and the check runs once an hour. */
export function registrationBody(fields: RegistrationFields, check: Readonly<Record<string, unknown>> = {}): object {
  const healthCheck = { interval: "1h", path: "/api/v3/ping", type: "http", ...check };
  return { apiVersion: "v3", registration: { host: "127.0.0.1", port: 9, healthCheck, ...fields } };
}

/** Registers a service, and deregisters it after the test. */
export async function register(
  keeper: KeeperTarget,
  fields: RegistrationFields & { readonly serviceId: string },
  check?: Readonly<Record<string, unknown>>,
): Promise<void> {
  onTestFinished(async () => void (await keeper.ask(`DELETE /registry/serviceId/${fields.serviceId}`)));
  const answer = await keeper.ask("POST /registry", registrationBody(fields, check));
  expect(answer.json).toEqual({ apiVersion: "v3", statusCode: 201, serviceName: fields.serviceId });
  expect(answer.status).toBe(201);
}

/** Returns the registration of a service as core-keeper's API returns it. */
export async function shownRegistration(keeper: KeeperTarget, serviceId: string): Promise<unknown> {
  const answer = await keeper.ask(`GET /registry/serviceId/${serviceId}`);
  expect(answer.status).toBe(200);
  return (answer.json as { registration: unknown }).registration;
}

/** Returns the root of a tree of keys. The tree is deleted after the test. */
export function keyRoot(keeper: KeeperTarget, name: string): string {
  const root = `edgex/v4/${name}`;
  onTestFinished(async () => void (await keeper.ask(`DELETE /kvs/key/${root}?prefixMatch=true`)));
  return root;
}
