import type { Row } from "../lib/row.ts";
import { runWrk } from "../lib/wrk.ts";

let runs = 0;

export const registration: Row = {
  name: "registration",
  title: "register a new service with the agent, 16 connections",
  unit: "requests/s",
  better: "higher",
  goal: { kind: "times", timesMin: 10 },
  measure(contender, seconds) {
    runs += 1;
    return runWrk(contender.url, { connections: 16, seconds, script: "register-services.lua", run: `run-${runs}` });
  },
};
