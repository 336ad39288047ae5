import { get } from "./conformance.ts";

export interface Pair {
  readonly Key: string;
  readonly Value: string | null;
  readonly ModifyIndex: number;
}

/** Returns the JSON of an entry without a session in an answer of /v1/kv, with the indexes masked. */
export function entryText(key: string, value: string | Buffer, flags: number | string = 0): string {
  const encoded = JSON.stringify(Buffer.from(value).toString("base64"));
  return `{"LockIndex":0,"Key":"${key}","Flags":${flags},"Value":${encoded},"CreateIndex":0,"ModifyIndex":0}`;
}

export async function modifyIndex(key: string): Promise<number> {
  const [pair] = (await get(`/v1/kv/${key}`)).json as [Pair];
  return pair.ModifyIndex;
}
