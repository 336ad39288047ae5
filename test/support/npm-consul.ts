import { afterAll } from "bun:test";
import Consul from "consul";
import { sharedTarget } from "./conformance.ts";

/**
 * Returns a client of the npm package `consul` that is connected to the shared agent. The client is closed after the file's last
 * test.
 */
export async function npmConsul(defaults: { readonly token?: string } = {}): Promise<Consul> {
  const { hostname, port } = new URL((await sharedTarget()).url);
  const consul = new Consul({ host: hostname, port: Number(port), defaults });
  afterAll(() => consul.destroy());
  return consul;
}

interface Refusal {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Returns the status and the body of the response to a refused call, because the message of the package's error shortens the
 * body.
 * @throws Error when the call is not refused
 */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (thrown) {
    const { response } = thrown as { response?: { statusCode: number; body: unknown } };
    if (response === undefined) throw thrown;
    return { status: response.statusCode, body: response.body };
  }
  throw new Error("the call was not refused");
}
