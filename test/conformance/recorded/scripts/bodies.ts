import type { Script } from "../script.ts";

const endpoints = [
  ...[
    "agent/service/register",
    "agent/check/register",
    "agent/check/update/x",
    "catalog/register",
    "catalog/deregister",
  ],
  ...["session/create", "txn", "operator/autopilot/configuration"],
];

const malformed = [
  ...["", "{", "[", "[]", "null", "true", "5", '"x"', "x", "{Name:1}", "{'Name':'x'}", '{"Name":"x",}', '{"Name":"x"'],
  ...["\u0000", "name=x", "<xml/>", '{"Name":5}', '{"Name":"x"}{', '{"Nope":1}', "\ufeff{}", '{"Name":"\\x"}', " {} "],
];

export const bodies: Script = endpoints.flatMap((path) => malformed.map((body) => [`PUT /v1/${path}`, body] as const));
