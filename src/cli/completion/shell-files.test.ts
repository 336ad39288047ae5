import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installCompletion, uninstallCompletion } from "./shell-files.ts";

let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "home-"))));
afterEach(() => rmSync(home, { recursive: true }));

const program = { name: "praetor", executable: ["/opt/praetor"] };
const inHome = (name: string): string => join(home, name);
const textOf = (name: string): string => readFileSync(inHome(name), "utf8");

test("installing adds completion to the files of the user's shells, and uninstalling restores those files", () => {
  writeFileSync(inHome(".bashrc"), "alias ll='ls -l'"); // without an end of line
  writeFileSync(inHome(".profile"), "");
  writeFileSync(inHome(".zshrc"), "# mine\n");
  mkdirSync(inHome(".config/fish"), { recursive: true });
  const fish = ".config/fish/completions/praetor.fish";

  expect(installCompletion(home, program)).toEqual([inHome(".bashrc"), inHome(".zshrc"), inHome(fish)]);
  expect(textOf(".bashrc")).toMatch(/^alias ll='ls -l'\ncomplete -o default -C \/opt\/praetor praetor #.*\n$/);
  expect(textOf(".zshrc")).toMatch(/^# mine\n.*bashcompinit.*complete -o default -C \/opt\/praetor praetor #.*\n$/);
  expect(textOf(fish)).toContain("complete --command praetor");
  expect(textOf(".profile")).toBe("");

  expect(uninstallCompletion(home, program)).toHaveLength(3);
  expect(textOf(".bashrc")).toBe("alias ll='ls -l'\n");
  expect(textOf(".zshrc")).toBe("# mine\n");
  expect(existsSync(inHome(fish))).toBe(false);
});

test("installing completion twice is refused, and so is removing completion that is not installed", () => {
  writeFileSync(inHome(".bashrc"), "");
  expect(() => uninstallCompletion(home, program)).toThrow(`not installed in ${inHome(".bashrc")}`);
  installCompletion(home, program);
  expect(() => installCompletion(home, program)).toThrow(`already installed in ${inHome(".bashrc")}`);
});

test("installing completion after the program has moved replaces only the line of the earlier installation", () => {
  writeFileSync(inHome(".bashrc"), "");
  installCompletion(home, { name: "consul", executable: ["/opt/consul"] });
  installCompletion(home, program);
  installCompletion(home, { ...program, executable: ["/usr/bin/bun", "/a b/main.ts"] });
  const lines = textOf(".bashrc").trim().split("\n");
  expect(lines.map((line) => line.replace(/ #.*/, ""))).toEqual([
    "complete -o default -C /opt/consul consul",
    `complete -o default -C '/usr/bin/bun '\\''/a b/main.ts'\\''' praetor`,
  ]);
});

test("the error for a home folder without shell files lists the files that praetor looked for", () => {
  expect(() => installCompletion(home, program)).toThrow(/no shell is set up in .*\.bashrc.*\.zshrc/);
});
