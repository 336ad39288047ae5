import { messageOf } from "../../../src/lib/errors.ts";
import { askDns, NoDnsAnswer, recordLines, type DnsAnswer } from "../../support/dns-exchange.ts";
import { exchange } from "../../support/exchange.ts";
import { freePorts } from "../../support/free-ports.ts";
import { startTargetAs, type Target } from "../../support/target.ts";
import { startUpstream } from "../../support/upstream.ts";
import { preparedQueries, registrations } from "./catalog.ts";
import { grant, guardSecret } from "./guarded.ts";
import type { QuestionGroup } from "./questions.ts";
import type { DnsExchange } from "./recording.ts";
import { sayOfExample } from "./upstream.ts";

/**
 * Starts an agent with the group's arguments, registers the nodes and services of catalog.ts, and returns the answers to the
 * group's questions.
 */
export async function askGroup({ words, guard, questions }: QuestionGroup): Promise<readonly DnsExchange[]> {
  const [port = 0] = await freePorts(1);
  const upstream = await startUpstream(sayOfExample);
  const failing = await startUpstream(() => ({ rcode: 2, answers: [] }));
  const filled = words.map((word) =>
    word.replace("<upstream>", `127.0.0.1:${upstream.port}`).replace("<failing upstream>", `127.0.0.1:${failing.port}`),
  );
  const secret = guard && guardSecret;
  const target = await startTargetAs(secret, ["-dns-port", String(port), ...filled]);
  try {
    await register(target, secret);
    if (guard) await grant(target, guard);
    const exchanges: DnsExchange[] = [];
    for (const question of questions) {
      const exchange = askDns(port, question).then((answer) => named(question, answer, target));
      exchanges.push(await exchange.catch((error: unknown) => unanswered(question, error)));
    }
    return exchanges;
  } finally {
    await target.stop();
    upstream.stop();
    failing.stop();
  }
}

async function register({ url }: Target, secret: string | undefined): Promise<void> {
  const headers = secret === undefined ? {} : { "X-Consul-Token": secret };
  const send = async (method: string, path: string, body: object): Promise<void> => {
    const answer = await exchange(url, method, { path, body, headers });
    if (answer.status !== 200) throw new Error(`${method} ${path} ${JSON.stringify(body)}: ${answer.text}`);
  };
  for (const body of registrations) await send("PUT", "/v1/catalog/register", body);
  for (const body of preparedQueries) await send("POST", "/v1/query", body);
}

/** Returns the exchange of a question without a valid answer: the reason takes the place of the response code. */
function unanswered(question: string, error: unknown): DnsExchange {
  const rcode = error instanceof NoDnsAnswer ? "no answer" : messageOf(error);
  return { question, rcode, flags: "", asked: "", answers: [], authority: [], additional: [], bytes: 0 };
}

const flags = ["aa", "tc", "rd", "ra", "z", "ad", "cd"] as const;

function named(question: string, answer: DnsAnswer, target: Target): DnsExchange {
  const names = new InstanceNames(target);
  return {
    question,
    rcode: answer.rcode,
    flags: [...opcodeOf(answer), ...flags.filter((flag) => answer[`flag_${flag}`])].join(" "),
    asked: (answer.questions ?? []).map(({ name, type, class: of }) => `${name} ${type} ${of}`).join(),
    answers: names.apply(recordLines(answer.answers)),
    authority: names.apply(recordLines(answer.authorities)),
    additional: names.apply(recordLines(answer.additionals)),
    bytes: answer.bytes,
  };
}

function opcodeOf({ flags: word = 0 }: DnsAnswer): readonly string[] {
  const opcode = (word >> 11) & 0xf;
  return opcode === 0 ? [] : [`opcode=${opcode}`];
}

/** The parts of an answer that identify an instance of a large service: its node's name, its address, its port. */
const traces = /\b(?:noted|few|many|crowd|host)-(\d{3})\b|\b10\.2\.\d+\.(\d+)\b|(?<="port":)20(\d{3})\b/g;

/**
 * Replaces each instance in an answer by a number, and the agent's server port by a name. Chance decides which
 * instances a truncated answer contains. Numbers in the order of appearance still show which records belong to the same
 * instance.
 */
class InstanceNames {
  readonly #numbers = new Map<number, number>();
  readonly #serverPort: string;

  constructor({ ports }: Target) {
    this.#serverPort = `"port":${ports[3]}`;
  }

  apply(lines: readonly string[]): readonly string[] {
    return lines
      .map((line) => {
        // The server's port can be that of an instance by chance.
        const named = /-\d{3}\b/.test(line) ? line : line.replace(this.#serverPort, '"port":<server port>');
        return named.replace(
          traces,
          (_, ...found: string[]) => `<${this.#numberOf(Number(found.slice(0, 3).join("")))}>`,
        );
      })
      .toSorted();
  }

  #numberOf(instance: number): number {
    const number = this.#numbers.get(instance) ?? this.#numbers.size + 1;
    this.#numbers.set(instance, number);
    return number;
  }
}
