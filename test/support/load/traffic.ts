import type { LoadClient } from "./client.ts";

/** Does the work of one connection in one round. `at` is the number of the connection; `round` counts from 1. */
export type Traffic = (client: LoadClient, at: number, round: number) => Promise<void>;

/** Maximum number of keys that some connections rewrite and others read and watch. */
const writersMax = 200;

const readPaths = [
  "/v1/catalog/services",
  "/v1/health/service/load-1?passing",
  "/v1/agent/checks",
  "/v1/status/leader",
];

const get: Traffic = async (client, at, round) => {
  const path = readPaths[(at + round) % readPaths.length] ?? "";
  await client.mustAsk("GET", round % 2 === 0 ? path : `/v1/kv/load/put/${at % writersMax}?raw`);
};

/** Writes the keys that clients read from the first round on. */
export async function prepare(client: LoadClient): Promise<void> {
  for (let at = 0; at < writersMax; at++) await put(client, at, 0);
}

const put: Traffic = async (client, at, round) => {
  const key = `load/put/${at}`;
  const value = `${round}-${"x".repeat(100)}`;
  const { text } = await client.mustAsk("PUT", `/v1/kv/${key}`, value);
  if (text === "true") client.notes.acknowledged[`key ${key}`] = value;
};

const checkAndSet: Traffic = async (client, at, round) => {
  const key = `load/cas/${at}`;
  const { text: before } = await client.ask("GET", `/v1/kv/${key}`);
  const index = /"ModifyIndex":(\d+)/.exec(before)?.[1] ?? "0";
  const { text } = await client.mustAsk("PUT", `/v1/kv/${key}?cas=${index}`, `${round}`);
  if (text !== "true") client.notes.fail(`${key}: nobody else writes it, and yet cas=${index} said ${text}`);
  client.notes.acknowledged[`key ${key}`] = `${round}`;
};

const indexes = new WeakMap<LoadClient, number>();

const watch: Traffic = async (client, at) => {
  const before = indexes.get(client) ?? 1;
  const { index } = await client.mustAsk("GET", `/v1/kv/load/put/${at % writersMax}?index=${before}&wait=3s`);
  if (index < before) client.notes.fail(`the index of load/put/${at % writersMax} fell from ${before} to ${index}`);
  indexes.set(client, index);
};

const register: Traffic = async (client, at, round) => {
  const port = 1_000 + (round % 60_000);
  const body = { Name: `load-${at}`, Port: port, Check: { TTL: "1h", Status: "passing" } };
  await client.mustAsk("PUT", "/v1/agent/service/register", JSON.stringify(body));
  client.notes.acknowledged[`service load-${at}`] = String(port);
};

/** Updates the status of a check. The first round registers the service. */
const report: Traffic = async (client, at, round) => {
  const service = { Name: `ttl-${at}`, Check: { TTL: "1h" } };
  if (round === 1) return void (await client.mustAsk("PUT", "/v1/agent/service/register", JSON.stringify(service)));
  const [verb, status] = round % 3 === 0 ? ["warn", "warning"] : ["pass", "passing"];
  await client.mustAsk("PUT", `/v1/agent/check/${verb}/service:ttl-${at}?note=${round}`);
  client.notes.acknowledged[`check service:ttl-${at}`] = status;
};

/** The kinds of work, each with the share of the connections that does it, in percent. */
export const shares: Readonly<Record<string, { readonly of100: number; readonly traffic: Traffic }>> = {
  get: { of100: 35, traffic: get },
  put: { of100: 20, traffic: put },
  "check-and-set": { of100: 10, traffic: checkAndSet },
  watch: { of100: 25, traffic: watch },
  register: { of100: 5, traffic: register },
  report: { of100: 5, traffic: report },
};
