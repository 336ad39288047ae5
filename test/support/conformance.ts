import { expect, onTestFinished } from "bun:test";
import { type Answer, exchange, type ExchangeRequest } from "./exchange.ts";
import { startTarget, type Target, type TargetName } from "./target.ts";

let shared: Promise<Target> | undefined;

/** Returns the agent that all test files of a run share. The first call starts the agent, which ends with the run. */
export function sharedTarget(): Promise<Target> {
  shared ??= startTarget();
  return shared;
}

type More = Omit<ExchangeRequest, "path">;

export async function send(method: string, path: string, more: More = {}): Promise<Answer> {
  return exchange((await sharedTarget()).url, method, { path, ...more });
}

export function get(path: string): Promise<Answer> {
  return send("GET", path);
}

export function put(path: string, body?: unknown): Promise<Answer> {
  return send("PUT", path, { body });
}

export function del(path: string): Promise<Answer> {
  return send("DELETE", path);
}

/**
 * Returns whether the tests run against the product `name`, for the few tests in which Praetor and Consul must answer
 * differently. test/conformance/README.md lists the reasons.
 */
export function differs(name: TargetName, reason: string): boolean {
  if (reason === "") throw new Error("say why the answers differ");
  return name === targetName();
}

function targetName(): TargetName {
  return process.env["CONFORMANCE_TARGET"] === "consul" ? "consul" : "praetor";
}

let names = 0;

/** Returns a name that no other test of this run uses. */
export function unique(prefix: string): string {
  names += 1;
  return `${prefix}-${names}`;
}

/** Replaces row indexes, UUIDs and content hashes, which differ between runs, by placeholders. */
export function masked(text: string): string {
  return text
    .replace(/"(CreateIndex|ModifyIndex)":\d+/g, '"$1":0')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/"ContentHash":"[0-9a-f]+"/g, '"ContentHash":"<hash>"');
}

export interface ExpectedError {
  readonly status: number;
  readonly text: string;
}

/** Expects an error whose body is exactly the text, without a final newline. */
export function expectError(answer: Answer, { status, text }: ExpectedError): void {
  expect({ status: answer.status, text: answer.text }).toEqual({ status, text });
  expect(answer.header("Content-Type")).toBe("text/plain; charset=utf-8");
}

/** Expects success with an empty body, which is the answer to a registration. */
export function expectEmpty(answer: Answer): void {
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: "" });
  expect(answer.header("Content-Type")).toBeUndefined();
}

export function expectTrue(answer: Answer): void {
  expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: "true" });
}

interface Definition {
  readonly ID?: string;
  readonly Name: string;
  /** Further fields of the definition, in Consul's letter case. */
  readonly [field: string]: unknown;
}

/** Registers a service with the agent, and deregisters it after the test. */
export async function registerService(definition: Definition): Promise<void> {
  const id = definition.ID ?? definition.Name;
  onTestFinished(async () => void (await put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`)));
  expectEmpty(await put("/v1/agent/service/register", definition));
}

/** Registers a check with the agent, and deregisters it after the test. */
export async function registerCheck(definition: Definition): Promise<void> {
  const id = definition.ID ?? definition.Name;
  onTestFinished(async () => void (await put(`/v1/agent/check/deregister/${encodeURIComponent(id)}`)));
  expectEmpty(await put("/v1/agent/check/register", definition));
}

/** Registers a node in the catalog without an agent; the node is removed after the test. */
export async function registerNode(
  definition: { readonly Node: string } & Readonly<Record<string, unknown>>,
): Promise<void> {
  onTestFinished(async () => void (await put("/v1/catalog/deregister", { Node: definition.Node })));
  expectTrue(await put("/v1/catalog/register", { Address: "192.0.2.1", ...definition }));
}

/** Returns the name of a new folder of keys, which ends in "/". The folder's keys are deleted after the test. */
export function keyFolder(): string {
  const folder = `${unique("conformance")}/`;
  onTestFinished(async () => void (await del(`/v1/kv/${folder}?recurse`)));
  return folder;
}
