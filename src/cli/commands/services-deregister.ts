import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";

export const servicesDeregisterCommand: Command = apiCommand({
  name: "services deregister",
  summary: "Deregisters services of an agent",
  synopsis: "[options] [FILE...]",
  about: "Deregisters the services that files define, or one by its id, at the agent with which they were registered.",
  examples: [
    { what: "Services of a file", command: "services deregister web.hcl" },
    { what: "One service by its id", command: "services deregister -id=web-1" },
  ],
  flags: [{ name: "id", kind: "text", value: "id", help: "The service's id." }],
  asksServers: true,
  run: deregisterServices,
});

async function deregisterServices({ api, flags, io, words }: ApiCall): Promise<void> {
  const id = flags.text("id") ?? "";
  if (words.length === 0 && id === "")
    throw new CommandFailure("Service deregistration requires at least one argument or -id.");
  if (words.length > 0 && id !== "")
    throw new CommandFailure("Service deregistration requires arguments or -id, not both.");
  for (const each of words.length > 0 ? await idsIn(words, io.stderr) : [id]) {
    const path = `/v1/agent/service/deregister/${encodeURIComponent(each)}`;
    const attempted = `Error deregistering service ${JSON.stringify(each)}`;
    await attempting(attempted, () => api.ok({ method: "PUT", path }));
    io.stdout(`Deregistered service: ${each}\n`);
  }
}

async function idsIn(paths: readonly string[], warn: (text: string) => void): Promise<readonly string[]> {
  const { servicesFromFiles } = await import("../service-files.ts");
  return servicesFromFiles(paths, warn).map(({ ID, Name }) => ID || Name);
}
