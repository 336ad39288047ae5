/**
 * Records a real Consul's results for each piece of configuration in outcomes.json. CONFORMANCE_TARGET and CONSUL_BINARY
 * name the Consul. `record.ts WORD...` runs only the pieces whose names contain one of the words, and prints their
 * results.
 */
import { freePorts } from "../../support/free-ports.ts";
import { programOf } from "../../support/target.ts";
import { pieces } from "./all-pieces.ts";
import { changedSettings, withoutFindings, writeOutcomes } from "./outcomes.ts";
import { kindsOf, type Outcome, type Piece } from "./piece.ts";
import { placePiece, type PlacedPiece } from "./place-piece.ts";

if (process.env["CONFORMANCE_TARGET"] !== "consul") throw new Error("set CONFORMANCE_TARGET=consul");
const program = programOf("consul");
const wanted = process.argv.slice(2);
const said = Bun.spawnSync([...program, "version"]).stdout.toString();
const [version = "unknown"] = /(?<=^Consul v)[\d.]+/.exec(said) ?? [];

const plain = await start(placePiece({ name: "none", files: {} }));
const outcomes = new Map<Piece, Outcome>();
const waiting = pieces.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
// Three agents start at a time, because a starting Consul agent is idle most of the time.
await Promise.all(Array.from({ length: 3 }, askWaiting));
if (wanted.length === 0) {
  const inOrder = pieces.flatMap((piece) => outcomes.get(piece) ?? []);
  await writeOutcomes({ consul: version, recorded: new Date().toISOString().slice(0, 10), outcomes: inOrder });
}
console.log(`${outcomes.size} pieces of configuration`);
process.exit(0);

async function askWaiting(): Promise<void> {
  for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
    using placed = placePiece(piece);
    const outcome = { name: piece.name, ...validate(placed), ...outcomeOf(await start(placed)) };
    outcomes.set(piece, outcome);
    if (wanted.length > 0) console.log(JSON.stringify(outcome, undefined, 1));
  }
}

function validate({ validateWords }: PlacedPiece): Pick<Outcome, "validate"> {
  if (validateWords === undefined) return {};
  const { exitCode, stderr } = Bun.spawnSync([...program, "validate", ...validateWords]);
  const message = stderr.toString();
  if (wanted.length > 0) console.log(message);
  return { validate: { valid: exitCode === 0, kinds: exitCode === 0 ? [] : kindsOf(message) } };
}

interface Started {
  readonly debugConfig: object;
  readonly services: Readonly<Record<string, unknown>>;
  readonly checks: object;
}

function outcomeOf(started: Started | undefined): Omit<Outcome, "name"> {
  if (started === undefined) return { starts: false };
  const { debugConfig, services, checks } = started;
  const settings = changedSettings(debugConfig, plain?.debugConfig ?? {});
  return { starts: true, services, checks: withoutFindings(checks), settings };
}

/**
 * Starts an agent of Consul, and returns its DebugConfig, services and checks. Returns undefined if the agent exits
 * instead.
 */
async function start(placed: PlacedPiece): Promise<Started | undefined> {
  const [http, lan, wan, server] = await freePorts(4);
  const agent = Bun.spawn(
    [
      ...[...program, "agent", ...placed.agentWords, "-bind", "127.0.0.1", "-http-port", `${http}`, "-dns-port", "-1"],
      ...["-serf-lan-port", `${lan}`, "-serf-wan-port", `${wan}`, "-server-port", `${server}`, "-grpc-port", "-1"],
      ...["-hcl", 'addresses { http = "127.0.0.1" } ports { https = -1 }'],
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  );
  const url = `http://127.0.0.1:${http}/v1/agent`;
  const output = Promise.all([new Response(agent.stdout).text(), new Response(agent.stderr).text()]);
  try {
    while (agent.exitCode === null) {
      const self = await ask(`${url}/self`);
      if (self === undefined) await Bun.sleep(50);
      else {
        const [services, checks] = await Promise.all([ask(`${url}/services`), ask(`${url}/checks`)]);
        const debugConfig = "DebugConfig" in self ? { ...(self.DebugConfig as object) } : {};
        return { debugConfig, services: { ...services }, checks: { ...checks } };
      }
    }
    if (wanted.length > 0) console.log((await output).join("").trim().split("\n").slice(-4).join("\n"));
    return undefined;
  } finally {
    agent.kill("SIGKILL");
    await agent.exited;
  }
}

/**
 * Returns the JSON of the answer: {} if the request is refused, as without a required token; undefined while no
 * listener is open.
 */
async function ask(url: string): Promise<object | undefined> {
  try {
    const answer = await fetch(url);
    return answer.ok ? ((await answer.json()) as object) : {};
  } catch {
    return undefined;
  }
}
