import { constants } from "node:fs";
import { type FileHandle, open as openFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { OperatingError } from "../../lib/errors.ts";
import { fileFailure } from "../../lib/file-failure.ts";
import type { Clock } from "../../lib/clock.ts";
import { objectJson, tokenShape } from "../acl/object-fields.ts";
import { printFlags, printing } from "../acl/object-flags.ts";
import { tokenText } from "../acl/object-text.ts";
import { apiCommand, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";

/** Makes a token in the data folder of an agent that does not run. @throws OperatingError when that is not possible */
type RecoverStopped = (folder: string, clock: Clock) => Promise<unknown>;

/** The agent's name of the file, src/http/endpoints/acl-recover.ts. */
const recoveryFile = "acl-recover";
/** The file that every agent has in its data folder. */
const storeFile = "praetor.db";

/** Returns the command `praetor acl recover`. */
export function aclRecoverCommand(recoverStopped: RecoverStopped): Command {
  return apiCommand({
    name: "acl recover",
    summary: "Makes a new management token when all are lost",
    synopsis: "-data-dir FOLDER [options]",
    about:
      "Makes another token that may do everything, and prints it with its secret. It needs no token, but must run on the machine of a " +
      "server, as the owner of its data folder or as root: the token comes through a file there. The agent need not be restarted, and " +
      "all other tokens stay valid. In a cluster any server will do. A server that stands alone may also be stopped.",
    examples: [
      {
        what: "Keep the token in a file that only you can read",
        command: "acl recover -data-dir=/var/lib/praetor > token.txt; chmod 600 token.txt",
      },
    ],
    flags: [
      { name: "data-dir", kind: "text", value: "folder", help: "The data folder of the agent." },
      ...printFlags.filter(({ name }) => name === "format"),
    ],
    asksServers: false,
    words: 0,
    run: (call) => recover(call, recoverStopped),
  });
}

async function recover(call: ApiCall, recoverStopped: RecoverStopped): Promise<void> {
  const print = printing(call, { json: (token) => objectJson(tokenShape, token), text: tokenText });
  const folder = call.flags.text("data-dir") ?? "";
  if (folder === "") throw new CommandFailure("Give the data folder of the agent: -data-dir=FOLDER");
  const owner = await ownerOf(folder);
  let file: FileHandle | undefined;
  const path = join(folder, recoveryFile);
  try {
    file = await createFile(path, owner);
    print(await askAgent(call, file, () => recoverStopped(folder, call.io.clock)));
  } finally {
    await file?.close();
    await rm(path, { force: true });
  }
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Returns the owner of the data folder. @throws CommandFailure unless the command runs as this user or as root */
async function ownerOf(folder: string): Promise<Owner> {
  let owner: Owner;
  try {
    owner = await stat(folder);
    await stat(join(folder, storeFile));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "EACCES")
      throw new CommandFailure(`${fileFailure(error)}. Run this as the owner of the data folder, or as root`);
    throw new CommandFailure(`No agent has its data in ${folder}: ${fileFailure(error)}`);
  }
  const own = process.getuid?.();
  if (own !== 0 && own !== owner.uid)
    throw new CommandFailure(
      `The data folder ${folder} belongs to the user with the id ${owner.uid}, and this command runs as ${own}. Run it as that user, or as root`,
    );
  return owner;
}

/** Creates the empty file by which the agent knows the owner. One that a killed command has left is replaced. */
async function createFile(path: string, { uid, gid }: Owner): Promise<FileHandle> {
  try {
    await rm(path, { force: true });
    // O_EXCL also refuses a symbolic link that another user has put there meanwhile.
    const file = await openFile(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    // An agent that does not run as root could not open a file of root.
    if (process.getuid?.() === 0) await file.chown(uid, gid);
    return file;
  } catch (error) {
    throw new CommandFailure(`Failed to create the file of the recovery: ${fileFailure(error)}`);
  }
}

async function askAgent({ api }: ApiCall, file: FileHandle, recoverStopped: () => Promise<unknown>): Promise<unknown> {
  let answer;
  try {
    answer = await api.request({ method: "PUT", path: "/v1/praetor/acl/recover" });
  } catch (error) {
    if (!(error instanceof OperatingError) || error.code !== "agent-unreachable") throw error;
    return recoverStopped().catch((reason: unknown) => {
      if (!(reason instanceof OperatingError) || reason.code !== "data-locked") throw reason;
      throw new CommandFailure(
        `${error.message}\nBut an agent runs: ${reason.message} Name its address with -http-addr`,
      );
    });
  }
  // The agent writes into the file before it answers, also when another client has sent the same request first.
  const text = (await file.readFile("utf8")).trim();
  if (text !== "") return JSON.parse(text);
  throw new CommandFailure(`No token was made: ${whyOf(answer.status, new TextDecoder().decode(answer.body))}`);
}

function whyOf(status: number, text: string): string {
  switch (status) {
    case 401:
      return "access control is off on this agent, or it is a client agent. Run this on a server whose configuration has acl.enabled";
    case 403:
      return "the agent at this address has another data folder. Name the address of the agent with -http-addr, or its folder with -data-dir";
    case 404:
      return "the agent at this address does not know the request. Is it another program, or an older version?";
    default:
      return `Unexpected response code: ${status} (${text})`;
  }
}
