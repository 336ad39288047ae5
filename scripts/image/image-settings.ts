import { parseDuration } from "../../src/lib/duration.ts";
import { type Instruction, labelsOf, optionsOf, textOf, wordsOf } from "./dockerfile.ts";
import type { ImageSettings } from "./oci-archive.ts";

/** Returns what the last stage of the Dockerfile says of containers, in the form of an image's configuration. */
export function imageSettings(stage: readonly Instruction[]): ImageSettings {
  const health = optionsOf(stage, "HEALTHCHECK");
  return {
    User: textOf(stage, "USER"),
    ExposedPorts: setOf(
      textOf(stage, "EXPOSE")
        .split(/\s+/)
        .map((port) => (port.includes("/") ? port : `${port}/tcp`)),
    ),
    Env: ["PATH=/usr/local/bin:/usr/bin"],
    Entrypoint: wordsOf(stage, "ENTRYPOINT"),
    Volumes: setOf([textOf(stage, "VOLUME")]),
    WorkingDir: "/",
    Labels: labelsOf(stage),
    Healthcheck: {
      Test: ["CMD", ...wordsOf(stage, "HEALTHCHECK")],
      Interval: nanoseconds(health["interval"]),
      Timeout: nanoseconds(health["timeout"]),
      StartPeriod: nanoseconds(health["start-period"]),
      Retries: Number(health["retries"]),
    },
  };
}

function setOf(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function nanoseconds(duration: string | undefined): number {
  return parseDuration(duration ?? "") * 1e6;
}
