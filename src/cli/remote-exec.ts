import { jsonOf, textOf } from "../client/http.ts";
import { keyPath } from "../client/key-value.ts";
import { sleep, type Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { attempting, type AgentApi } from "./api-command.ts";
import { CommandFailure } from "./command-failure.ts";
import type { CommandIo } from "./command.ts";
import { JsonRow, rowsOf } from "./json.ts";
import { followResults, type Outcome } from "./remote-results.ts";

/**
 * A command run by the agents of a datacenter, as Consul's `exec` has it. The job is a key below PREFIX/SESSION/; the event
 * _rexec tells agents of it; they write below the same key, with the same session, what becomes of it:
 *
 *     NODE/ack, NODE/out/00000 ... (output, or a sign of life when empty), NODE/exit
 *
 * When the session ends, nobody can write there any more; should the caller die, the servers end it and delete the keys.
 */

/** Exactly one of the three. */
export interface RemoteJob {
  readonly Command?: string;
  readonly Args?: readonly string[];
  /** Base64. */
  readonly Script?: string;
}

export interface RemoteExecOptions {
  readonly api: AgentApi;
  readonly io: CommandIo;
  readonly clock: Clock;
  /** The query of the event: which nodes. */
  readonly targets: Readonly<Record<string, string>>;
  /** Without a slash at its end. */
  readonly prefix: string;
  /** Nobody says anything for so long: the end. */
  readonly waitMs: number;
  readonly replicationWaitMs: number;
  readonly tellStep: (text: string) => void;
  /** Who is asked. */
  readonly agent: { readonly node: string; readonly datacenter: string };
  /** Where the nodes are. */
  readonly datacenter: string;
}

const sessionTtl = "15s";
const renewEveryMs = 5_000;

/** @throws CommandFailure telling which step did not work */
export async function runRemotely(job: RemoteJob, options: RemoteExecOptions): Promise<Outcome> {
  const { api, clock, prefix, replicationWaitMs, tellStep, waitMs } = options;
  const session = await attempting("Failed to create session", () => createSession(options));
  tellStep(`Created remote execution session: ${session}`);
  const renewing = keepAlive(session, options);
  const folder = `${prefix}/${session}`;
  try {
    const spec = { ...job, Wait: waitMs * 1e6 };
    await attempting("Failed to create job file", () => upload(api, { key: `${folder}/job`, session, spec }));
    tellStep("Uploaded remote execution spec");
    // Agents then find the job at whichever server they ask.
    await sleep(clock, replicationWaitMs, options.io.signal);
    const event = await attempting("Failed to fire event", () => fire(session, options));
    tellStep(`Fired remote execution event: ${event}`);
    return await followResults(folder, options);
  } finally {
    renewing.abort();
    await cleanUp(api, session, folder);
  }
}

async function createSession({ api, agent, datacenter, tellStep }: RemoteExecOptions): Promise<string> {
  const lasting = { Behavior: "delete", TTL: sessionTtl };
  if (datacenter === agent.datacenter) return idIn(api, { Name: "Remote Exec", ...lasting });
  tellStep("Remote exec in foreign datacenter, using Session TTL");
  // A session belongs to a node, and the asked agent's is not known there.
  const node = await serverThere(api);
  tellStep(`Binding session to remote node ${node}@${datacenter}`);
  const name = `Remote Exec via ${agent.node}@${agent.datacenter}`;
  return idIn(api, { Name: name, Node: node, NodeChecks: [], ...lasting });
}

async function serverThere(api: AgentApi): Promise<string> {
  const failure = "Failed to create session: Failed to find Consul server in remote datacenter";
  const json = await attempting(failure, () => api.json("/v1/health/service/consul", { passing: "1" }));
  const [server] = rowsOf(json);
  if (server === undefined) throw new CommandFailure(failure);
  return server.row("Node").text("Node");
}

async function idIn(api: AgentApi, session: object): Promise<string> {
  const answer = await api.ok({ method: "PUT", path: "/v1/session/create", body: JSON.stringify(session) });
  return new JsonRow(jsonOf(answer)).text("ID");
}

/** Until the controller that it returns aborts. */
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

/** The session first: what agents write after that is refused. Also when the user wants an end: no signal. */
async function cleanUp(api: AgentApi, session: string, folder: string): Promise<void> {
  const signal = undefined;
  const tasks = [
    () => api.ok({ method: "PUT", path: `/v1/session/destroy/${session}`, signal }),
    () => api.ok({ method: "DELETE", path: keyPath(folder), query: { recurse: "" }, signal }),
  ];
  // What cannot be deleted now is deleted when the session's time is over.
  for (const task of tasks) await task().catch(() => undefined);
}
