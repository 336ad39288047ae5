import { deleteObject, writeObject } from "../acl/change-object.ts";
import { listJson, objectJson, userShape } from "../acl/object-fields.ts";
import { printFlags, printing, textFlag } from "../acl/object-flags.ts";
import { userListText, userText } from "../acl/object-text.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { passwordFlag, readPassword } from "../ask-password.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import type { Flags } from "../flags.ts";
import { JsonRow } from "../../client/json-row.ts";

const methodFlag = textFlag("method", "name", "Name of the auth method, which has the type userpass.");
const nameFlag = textFlag("name", "name", "Name of the user.");
const groupFlag = textFlag("group", "name", "A group of the user, for which binding rules can ask. Repeatable.");
const shownFlags = printFlags.filter(({ name }) => name !== "namespace");
const objectPrinter = { json: (user: unknown) => objectJson(userShape, user), text: userText };
const path = "/v1/praetor/acl/user";

const add: Command = apiCommand({
  name: "acl user add",
  summary: "Adds a person who may log in",
  synopsis: "-method NAME -name NAME [options]",
  about:
    "Adds a user to an auth method of type userpass. Binding rules say what the user may do, by value.name and value.groups. The " +
    "password is asked for on the terminal; its hash is kept, and never shown.",
  examples: [
    {
      what: "A person of the operators, by a rule like this",
      command:
        "acl binding-rule create -method=people -bind-type=role -bind-name=operators -selector='\"operators\" in value.groups'",
    },
    { what: "The person", command: "acl user add -method=people -name=anna -group=operators" },
    { what: "Log in", command: "login -method=people -user=anna -token-sink-file=token.txt" },
  ],
  flags: [methodFlag, nameFlag, groupFlag, passwordFlag, ...shownFlags],
  asksServers: true,
  words: 0,
  run: addUser,
});

async function addUser(call: ApiCall): Promise<void> {
  const print = printing(call, objectPrinter);
  const user = { ...named(call.flags), Groups: call.flags.all("group") };
  if (await isKnown(call, user)) throw new CommandFailure(`The user ${JSON.stringify(user.Name)} exists already`);
  print(await writeObject(call, path, { ...user, Password: await readPassword(call, true) }, "Failed to add the user"));
}

const password: Command = apiCommand({
  name: "acl user password",
  summary: "Gives a user another password",
  synopsis: "-method NAME -name NAME [options]",
  about: "Gives a user another password, and ends the tokens of the user's logins.",
  examples: [{ what: "Asked for on the terminal", command: "acl user password -method=people -name=anna" }],
  flags: [methodFlag, nameFlag, passwordFlag, ...shownFlags],
  asksServers: true,
  words: 0,
  run: async (call) =>
    change(call, "Failed to change the password", async () => ({ Password: await readPassword(call, true) })),
});

const groups: Command = apiCommand({
  name: "acl user groups",
  summary: "Gives a user other groups",
  synopsis: "-method NAME -name NAME [-group NAME]... [options]",
  about: "Replaces the groups of a user, by none if no -group is given, and ends the tokens of the user's logins.",
  examples: [
    { what: "Two groups", command: "acl user groups -method=people -name=anna -group=operators -group=line3" },
  ],
  flags: [methodFlag, nameFlag, groupFlag, ...shownFlags],
  asksServers: true,
  words: 0,
  run: (call) =>
    change(call, "Failed to change the groups", () => Promise.resolve({ Groups: call.flags.all("group") })),
});

async function change(call: ApiCall, failing: string, fieldsOf: () => Promise<object>): Promise<void> {
  const print = printing(call, objectPrinter);
  const user = named(call.flags);
  if (!(await isKnown(call, user))) throw unknown(user);
  print(await writeObject(call, path, { ...user, ...(await fieldsOf()) }, failing));
}

const list: Command = apiCommand({
  name: "acl user list",
  summary: "Lists the people who may log in",
  synopsis: "[options]",
  about: "Lists the users of all auth methods of type userpass, or of one.",
  examples: [{ what: "Of one auth method", command: "acl user list -method=people" }],
  flags: [methodFlag, ...shownFlags],
  asksServers: true,
  words: 0,
  run: listUsers,
});

async function listUsers(call: ApiCall): Promise<void> {
  const print = printing(call, { json: (users) => listJson(userShape, users), text: userListText });
  print(await usersOf(call, call.flags.text("method") ?? ""));
}

const remove: Command = apiCommand({
  name: "acl user remove",
  summary: "Removes a person who may log in",
  synopsis: "-method NAME -name NAME [options]",
  about: "Removes a user, and ends the tokens of the user's logins.",
  examples: [{ what: "By method and name", command: "acl user remove -method=people -name=anna" }],
  flags: [methodFlag, nameFlag],
  asksServers: true,
  words: 0,
  run: removeUser,
});

async function removeUser(call: ApiCall): Promise<void> {
  const user = named(call.flags);
  if (!(await isKnown(call, user))) throw unknown(user);
  await deleteObject(call, { what: "user", path: `${path}/${encodeURIComponent(user.AuthMethod)}/`, id: user.Name });
}

interface NamedUser {
  readonly AuthMethod: string;
  readonly Name: string;
}

function named(flags: Flags): NamedUser {
  const [method, name] = ["method", "name"].map((flag) => flags.text(flag) ?? "");
  if (!method) throw new CommandFailure("Missing required '-method' flag");
  if (!name) throw new CommandFailure("Missing required '-name' flag");
  return { AuthMethod: method, Name: name };
}

async function usersOf({ api }: ApiCall, authmethod: string): Promise<unknown> {
  return attempting("Failed to list the users", () =>
    api.json("/v1/praetor/acl/users", authmethod === "" ? {} : { authmethod }),
  );
}

async function isKnown(call: ApiCall, { AuthMethod, Name }: NamedUser): Promise<boolean> {
  const users = await usersOf(call, AuthMethod);
  const rows: readonly unknown[] = Array.isArray(users) ? users : [];
  return rows.some((row) => new JsonRow(row).text("Name").toLowerCase() === Name.toLowerCase());
}

function unknown({ AuthMethod, Name }: NamedUser): CommandFailure {
  return new CommandFailure(`The auth method ${JSON.stringify(AuthMethod)} has no user ${JSON.stringify(Name)}`);
}

export const aclUserCommands: readonly Command[] = [add, groups, list, password, remove];
