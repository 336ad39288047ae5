import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { manPages } from "../../scripts/release/man-pages.ts";
import type { CommandIo } from "../../src/cli/command.ts";
import { allCommands } from "../../src/commands.ts";
import { systemClock } from "../../src/lib/clock.ts";

const root = resolve(import.meta.dir, "../..");
const folder = mkdtempSync(join(tmpdir(), "packaging-"));
afterAll(() => rmSync(folder, { recursive: true }));

const io: CommandIo = {
  ...{ stdout() {}, stderr() {}, stdin: () => Promise.resolve(new Uint8Array()) },
  ...{ env: {}, clock: systemClock, isTerminal: false },
};
const commands = allCommands({ name: "praetor", executable: ["/usr/bin/praetor"] }, io);

describe.skipIf(Bun.which("systemd-analyze") === null)("the packaged units (skipped without systemd-analyze)", () => {
  test.each(["praetor", "praetor-edgex"])("%s.service has no fault and few rights", (name) => {
    const text = readFileSync(join(root, `packaging/systemd/${name}.service`), "utf8");
    const file = join(folder, `${name}.service`);
    // The program need not be installed here: any executable takes its place.
    writeFileSync(file, text.replaceAll("/usr/bin/praetor", process.execPath));
    const verified = Bun.spawnSync(["systemd-analyze", "verify", "--man=no", file]);
    expect({ exitCode: verified.exitCode, said: verified.stderr.toString() }).toEqual({ exitCode: 0, said: "" });
    const rated = Bun.spawnSync(["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", file]);
    expect(rated.stdout.toString()).toContain("Overall exposure level");
    expect(rated.exitCode).toBe(0);
  });
});

describe("the packaged settings", () => {
  const file = join(root, "packaging/etc/praetor.d/praetor.hcl");
  const validate = async (path: string): Promise<string> => {
    let printed = "";
    const command = commands.find(({ name }) => name === "validate");
    const keep = (text: string | Uint8Array): void => void (printed += text.toString());
    await command?.run([path], { ...io, stdout: keep, stderr: keep });
    return printed.replace(`Read ${path}\n`, "");
  };

  test("are valid as they are, and with every example", async () => {
    expect(await validate(file)).toBe("Configuration is valid!\n");
    const all = join(folder, "all.hcl");
    // An example has no blank after its "#", or two; text has one.
    const examples = readFileSync(file, "utf8").replaceAll(/^#(?=[^ ]| {2})/gm, "");
    expect(examples).toContain("\nservice {");
    writeFileSync(all, examples);
    expect(await validate(all)).toBe("Configuration is valid!\n");
  });
});

describe("the manual", () => {
  const pages = manPages(commands, { version: "0.1.0", epoch: 1_700_000_000 });

  test("has a page for each command, which praetor.1 lists", () => {
    expect(pages.size).toBe(commands.length + 1);
    const index = pages.get("praetor.1") ?? "";
    for (const { name, summary } of commands) {
      expect(index).toContain(
        `.BR praetor\\-${name.replaceAll(/[ -]/g, "\\-")} (1)\n${summary.replaceAll("-", "\\-")}\n`,
      );
    }
  });

  test("shows flags, examples and the columns of a table, and escapes what roff would read", () => {
    const page = pages.get("praetor-kv-get.1") ?? "";
    expect(page).toContain('.TH PRAETOR\\-KV\\-GET 1 2023-11-14 "Praetor 0.1.0" "User Commands"\n');
    expect(page).toContain(".TP\n\\fB\\-format=<pretty|json>\\fR\n");
    expect(page).toContain(".EX\n$ praetor kv get \\-recurse edgex/core/\n.EE\n");
    expect(page).not.toMatch(/^ /m);
    expect(pages.get("praetor-edgex.1")).toContain(".TP\n\\fBEDGEX_DB\\fR\nthe database to check");
    for (const text of pages.values()) expect(text).not.toMatch(/^\.(?![A-Z]{2} ?|[BI] )|^'/m);
  });

  test.skipIf(Bun.which("groff") === null)("is roff without warnings (skipped without groff)", () => {
    const { stderr, exitCode } = Bun.spawnSync(["groff", "-ww", "-man", "-Tutf8", "-Kutf8", "-z"], {
      stdin: Buffer.from([...pages.values()].join("")),
    });
    expect({ exitCode, said: stderr.toString() }).toEqual({ exitCode: 0, said: "" });
  });
});
