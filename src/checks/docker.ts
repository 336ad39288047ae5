import type { IncomingMessage, RequestOptions } from "node:http";
import { sleep, type Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { CheckMethod } from "../model/check.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";
import { startDeadline, type DeadlineOptions } from "../lib/deadline.ts";
import { type DockerHost, dockerFailureText, parseDockerHost } from "./docker-host.ts";
import { ExecOutput } from "./exec-output.ts";
import { OutputTail } from "../lib/output-tail.ts";
import { formatScriptOutput } from "./limit-output.ts";
import { runPeriodically, type PeriodicOptions } from "./periodic.ts";
import { statusOf, timedOut } from "./script.ts";

export type DockerMethod = Extract<CheckMethod, { kind: "docker" }>;

export interface DockerCheckOptions extends PeriodicOptions {
  readonly outputBytesMax: number;
  /** Address of the Docker API in the format of DOCKER_HOST; "" for Docker's default socket. */
  readonly dockerHost: string;
}

const timeoutMsDefault = 30_000;

/** Milliseconds until the exit code is requested again: Docker may record the code a moment after the output has ended. */
const inspectAgainMs = 100;

/** Maximum length in bytes of a response body other than the command's output. */
const answerBytesMax = 65_536;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * Starts a check that runs a command in a container, by exec create, start and inspect of the Docker API, which Podman also
 * provides. The exit code sets the status as for a script check. Error texts are Consul's. Unlike Consul, the check has a
 * timeout.
 */
export function startDockerCheck(method: DockerMethod, options: DockerCheckOptions): CheckRunner {
  const timeoutMs = method.timeoutMs || timeoutMsDefault;
  const { outputBytesMax, dockerHost } = options;
  const { clock } = options.platform;
  return runPeriodically(
    (signal) => new DockerRun(method, { clock, timeoutMs, signal, outputBytesMax, dockerHost }).result(),
    options,
  );
}

type RunOptions = DeadlineOptions & Pick<DockerCheckOptions, "outputBytesMax" | "dockerHost">;

class DockerRun {
  readonly #container: string;
  readonly #args: readonly string[];
  readonly #options: RunOptions;
  readonly #clock: Clock;
  readonly #tail: OutputTail;
  /**
   * Aborts the requests at the timeout, or when the check is stopped. The command continues to run: the Docker API cannot kill
   * it.
   */
  readonly #ended = new AbortController();

  constructor({ container, args }: DockerMethod, options: RunOptions) {
    this.#container = container;
    this.#args = args;
    this.#options = options;
    this.#clock = options.clock;
    this.#tail = new OutputTail(options.outputBytesMax);
  }

  async result(): Promise<CheckResult> {
    const deadline = startDeadline(this.#options, () => this.#ended.abort());
    try {
      const host = parseDockerHost(this.#options.dockerHost);
      const id = await this.#create(host);
      await this.#start(host, id);
      return { status: statusOf(await this.#exitCode(host, id)), output: this.#output() };
    } catch (thrown) {
      if (this.#ended.signal.aborted) return timedOut(this.#options.timeoutMs, this.#output());
      return { status: "critical", output: messageOf(thrown) };
    } finally {
      deadline.clear();
    }
  }

  #output(): string {
    return formatScriptOutput(this.#tail, this.#options.outputBytesMax);
  }

  async #create(host: DockerHost): Promise<string> {
    const what = `create exec failed for container ${this.#container}`;
    const path = `/containers/${encodeURIComponent(this.#container)}/exec`;
    const command = { AttachStdin: false, AttachStdout: true, AttachStderr: true, Tty: false, Cmd: this.#args };
    const { status, body } = await this.#call(host, what, { method: "POST", path, body: command });
    if (status === 201) return String(this.#fieldOf(body, "Id", "create"));
    if (status === 404) throw new Error(`create exec failed for unknown container ${this.#container}`);
    if (status === 409) throw new Error(`create exec failed since container ${this.#container} is paused or stopped`);
    throw new Error(`${what} with status ${status}: ${body}`);
  }

  async #start(host: DockerHost, id: string): Promise<void> {
    const what = `start exec failed for container ${this.#container}`;
    const output = new ExecOutput(this.#tail);
    const request = {
      method: "POST",
      path: `/exec/${encodeURIComponent(id)}/start`,
      body: { Detach: false, Tty: true },
    } as const;
    const { status, body } = await this.#call(host, what, request, (bytes) => output.write(bytes));
    output.end();
    if (status === 200) return;
    if (status === 404) throw new Error(`${what}: invalid exec id ${id}`);
    if (status === 409) throw new Error(`start exec failed since container ${this.#container} is paused or stopped`);
    throw new Error(`${what} with status ${status}: body: ${body} err: <nil>`);
  }

  async #exitCode(host: DockerHost, id: string): Promise<number> {
    const what = `inspect exec failed for container ${this.#container}`;
    for (;;) {
      const { status, body } = await this.#call(host, what, {
        method: "GET",
        path: `/exec/${encodeURIComponent(id)}/json`,
      });
      if (status === 404) throw new Error(`${what}: invalid exec id ${id}`);
      if (status !== 200) throw new Error(`${what} with status ${status}: ${body}`);
      if (this.#fieldOf(body, "Running", "inspect") !== true) return Number(this.#fieldOf(body, "ExitCode", "inspect"));
      await sleep(this.#clock, inspectAgainMs, this.#ended.signal);
      this.#ended.signal.throwIfAborted();
    }
  }

  #fieldOf(body: string, name: string, step: string): unknown {
    try {
      const answer: unknown = JSON.parse(body);
      return typeof answer === "object" && answer !== null ? Reflect.get(answer, name) : undefined;
    } catch (thrown) {
      const what = `${step} exec response for container ${this.#container} cannot be parsed`;
      throw new Error(`${what}: ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  /**
   * Sends a request and resolves with the response.
   * @param onOutput receives the body of a response with status 200 in pieces; any other body is in the returned response
   */
  async #call(
    host: DockerHost,
    what: string,
    { method, path, body }: { readonly method: "GET" | "POST"; readonly path: string; readonly body?: object },
    onOutput?: (bytes: Buffer) => void,
  ): Promise<Answer> {
    const content = body === undefined ? undefined : JSON.stringify(body);
    const headers = { Host: host.header, ...(content !== undefined && { "Content-Type": "application/json" }) };
    const { signal } = this.#ended;
    try {
      return await ask({ ...host.address, method, path, headers, signal, agent: false }, content, onOutput);
    } catch (thrown) {
      const verb = method === "GET" ? "Get" : "Post";
      throw new Error(`${what}: ${verb} "${host.url}${path}": ${dockerFailureText(host, thrown)}`, { cause: thrown });
    }
  }
}

/** Sends a request with node:http, which supports Unix sockets and ignores proxy variables. */
async function ask(
  options: RequestOptions,
  content: string | undefined,
  onOutput: ((bytes: Buffer) => void) | undefined,
): Promise<Answer> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const take = (response: IncomingMessage): void => {
      const { statusCode: status = 0 } = response;
      let body = "";
      response.on("data", (bytes: Buffer) => {
        if (onOutput !== undefined && status === 200) onOutput(bytes);
        else if (body.length < answerBytesMax) body += bytes.toString();
      });
      response.on("end", () => resolve({ status, body: body.trimEnd() }));
      response.on("error", reject);
    };
    request(options, take).on("error", reject).end(content);
  });
}
