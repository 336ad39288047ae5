import { jsonOf, textOf } from "../client/http.ts";
import { keyPath } from "../client/key-value.ts";
import { sleep, type Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { attempting, type AgentApi } from "./api-command.ts";
import { CommandFailure } from "./command-failure.ts";
import type { CommandIo } from "./command.ts";
import { JsonRow, rowsOf } from "../client/json-row.ts";
import { followResults, type Outcome } from "./remote-results.ts";

/**
 * Runs a command on the agents of a datacenter, by the protocol of Consul's `exec`. The caller stores the job as a key below
 * PREFIX/SESSION/ and fires the event _rexec, which contains prefix and session. Agents write their results below
 * PREFIX/SESSION/, in keys that the session locks:
 *
 *     NODE/ack, NODE/out/00000 ... (output, or a heartbeat if empty), NODE/exit
 *
 * Agents cannot write results after the session has ended. If the caller dies, the session expires and the servers delete the
 * keys.
 */

/** The command that agents run. Exactly one of the fields is set. */
export interface RemoteJob {
  readonly Command?: string;
  readonly Args?: readonly string[];
  /** The script to run, in base64. */
  readonly Script?: string;
}

export interface RemoteExecOptions {
  readonly api: AgentApi;
  readonly io: CommandIo;
  readonly clock: Clock;
  /** The event's query parameters, which select nodes. */
  readonly targets: Readonly<Record<string, string>>;
  /** The prefix of the job's key, without a final slash. */
  readonly prefix: string;
  /** Time to wait for further results, in milliseconds. */
  readonly waitMs: number;
  readonly replicationWaitMs: number;
  /** Receives a line about each step, which -verbose prints. */
  readonly onStep: (text: string) => void;
  /** The agent that receives the requests. */
  readonly agent: { readonly node: string; readonly datacenter: string };
  /** The datacenter of the nodes that run the job. */
  readonly datacenter: string;
}

const sessionTtl = "15s";
const renewEveryMs = 5_000;

/**
 * Runs a job on the nodes that `targets` selects and prints their results; resolves with how many nodes acknowledged and
 * completed it.
 * @throws CommandFailure naming the step that failed
 */
export async function runRemotely(job: RemoteJob, options: RemoteExecOptions): Promise<Outcome> {
  const { api, clock, prefix, replicationWaitMs, onStep, waitMs } = options;
  const session = await attempting("Failed to create session", () => createSession(options));
  onStep(`Created remote execution session: ${session}`);
  const renewing = keepAlive(session, options);
  const folder = `${prefix}/${session}`;
  try {
    const spec = { ...job, Wait: waitMs * 1e6 };
    await attempting("Failed to create job file", () => upload(api, { key: `${folder}/job`, session, spec }));
    onStep("Uploaded remote execution spec");
    // Gives the servers time to replicate the job.
    await sleep(clock, replicationWaitMs, options.io.signal);
    const event = await attempting("Failed to fire event", () => fire(session, options));
    onStep(`Fired remote execution event: ${event}`);
    return await followResults(folder, options);
  } finally {
    renewing.abort();
    await cleanUp(api, session, folder);
  }
}

async function createSession({ api, agent, datacenter, onStep }: RemoteExecOptions): Promise<string> {
  const common = { Behavior: "delete", TTL: sessionTtl };
  if (datacenter === agent.datacenter) return createSessionAt(api, { Name: "Remote Exec", ...common });
  onStep("Remote exec in foreign datacenter, using Session TTL");
  // A session needs a node of the datacenter in which it is created.
  const node = await anyServer(api);
  onStep(`Binding session to remote node ${node}@${datacenter}`);
  const name = `Remote Exec via ${agent.node}@${agent.datacenter}`;
  return createSessionAt(api, { Name: name, Node: node, NodeChecks: [], ...common });
}

async function anyServer(api: AgentApi): Promise<string> {
  const failure = "Failed to create session: Failed to find Consul server in remote datacenter";
  const json = await attempting(failure, () => api.json("/v1/health/service/consul", { passing: "1" }));
  const [server] = rowsOf(json);
  if (server === undefined) throw new CommandFailure(failure);
  return server.row("Node").text("Node");
}

async function createSessionAt(api: AgentApi, session: object): Promise<string> {
  const answer = await api.ok({ method: "PUT", path: "/v1/session/create", body: JSON.stringify(session) });
  return new JsonRow(jsonOf(answer)).text("ID");
}

/** Renews the session periodically, until the caller aborts the returned controller or a renewal fails. */
function keepAlive(session: string, { api, clock, io }: RemoteExecOptions): AbortController {
  const stopping = new AbortController();
  const renew = async (): Promise<void> => {
    for (;;) {
      await sleep(clock, renewEveryMs, stopping.signal);
      if (stopping.signal.aborted) return;
      await api.ok({ method: "PUT", path: `/v1/session/renew/${session}` });
    }
  };
  renew().catch((error: unknown) => {
    if (!stopping.signal.aborted) io.stderr(`Session renew failed: ${messageOf(error)}\n`);
  });
  return stopping;
}

interface Upload {
  readonly key: string;
  readonly session: string;
  readonly spec: object;
}

async function upload(api: AgentApi, { key, session, spec }: Upload): Promise<void> {
  const body = JSON.stringify(spec);
  const answer = await api.ok({ method: "PUT", path: keyPath(key), query: { acquire: session }, body });
  if (textOf(answer).trim() !== "true")
    throw new CommandFailure(`Failed to create job file: failed to acquire key ${key}`);
}

async function fire(session: string, { api, prefix, targets }: RemoteExecOptions): Promise<string> {
  const body = JSON.stringify({ Prefix: prefix, Session: session });
  const answer = await api.ok({ method: "PUT", path: "/v1/event/fire/_rexec", query: targets, body });
  return new JsonRow(jsonOf(answer)).text("ID");
}

/**
 * Destroys the session first, so that agents can write no more results, then deletes the job's keys. Does not pass on the
 * command's abort signal, since the keys must be deleted after an interrupt, too.
 */
async function cleanUp(api: AgentApi, session: string, folder: string): Promise<void> {
  const signal = undefined;
  const tasks = [
    () => api.ok({ method: "PUT", path: `/v1/session/destroy/${session}`, signal }),
    () => api.ok({ method: "DELETE", path: keyPath(folder), query: { recurse: "" }, signal }),
  ];
  // After a failure, the servers delete the keys when the session expires.
  for (const task of tasks) await task().catch(() => undefined);
}
