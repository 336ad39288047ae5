import { afterAll } from "bun:test";
import Consul from "consul";
import { sharedTarget } from "./conformance.ts";

/** The npm package `consul` as a service uses it, for the length of a test file. */
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

/** The error of a refused call, with the response's body: the package's message has only a short form of it. */
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
