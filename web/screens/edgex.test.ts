import { expect, test } from "bun:test";
import { isOfEdgex } from "./edgex.ts";

test.each([
  // Geneva
  ...["edgex-core-data", "edgex-support-notifications", "edgex-sys-mgmt-agent", "edgex-redis", "edgex-mongo"],
  ...["AppService-rules-engine", "device-virtual", "kong", "kong-db", "kong-migrations", "vault"],
  "security-secretstore-setup",
  // EdgeX 2 to 4
  ...["core-data", "core-metadata", "core-command", "core-keeper", "core-common-config-bootstrapper"],
  ...["support-scheduler", "support-cron-scheduler", "sys-mgmt-agent", "app-rules-engine", "device-onvif-camera"],
])("%s is EdgeX's", (name) => {
  expect(isOfEdgex(name)).toBe(true);
});

test.each(["consul", "web", "hardcore-game", "core", "devices", "supporter", "kongregate"])("%s is not", (name) => {
  expect(isOfEdgex(name)).toBe(false);
});
