import { describe, expect, test } from "bun:test";
import { keysIn } from "./keys.ts";
import { type Model, modelFrom } from "./model.ts";
import { fit, render, renderOnce } from "./render.ts";
import { redrawn } from "./screen.ts";
import { firstView, settled, type View, viewAfter } from "./view.ts";

const size = { columns: 80, rows: 24 };
const nowMs = Date.parse("2026-03-01T12:00:00");
const heading = { url: "http://127.0.0.1:8500", trouble: "", answeredMs: nowMs };
const rest = { heading, nowMs, hasColours: true };

interface GivenService {
  readonly name: string;
  readonly status?: string;
  readonly output?: string;
  readonly tags?: readonly string[];
  readonly address?: string;
}

function node(name: string, services: readonly GivenService[], ownChecks: readonly object[] = []): object {
  return {
    ...{ Node: name, Address: "10.0.0.7" },
    Services: services.map(({ name: service, address = "", tags = null }) => ({
      ...{ ID: `${service}-id`, Service: service, Address: address, Port: 80, Tags: tags },
    })),
    Checks: [
      ...ownChecks,
      ...services.flatMap(({ name: service, status, output = "" }) =>
        status === undefined
          ? []
          : [
              {
                CheckID: `${service}-check`,
                Name: "alive",
                ServiceID: `${service}-id`,
                Status: status,
                Output: output,
              },
            ],
      ),
    ],
  };
}

const model = modelFrom([
  node("gw", [
    { name: "web", status: "critical", output: "HTTP GET http://10.0.0.7/ping: 404 Not Found" },
    { name: "api", status: "passing", tags: ["edge"] },
    { name: "queue" },
  ]),
  node("other", [{ name: "api", status: "warning", address: "10.0.0.8" }]),
]);

/** Returns the lines of the screen, without colours. */
function seen(shown: Model, view: View = firstView, more: Partial<typeof heading> = {}): readonly string[] {
  const lines = render(shown, size, { ...rest, view, heading: { ...heading, ...more } });
  return lines.map((line) => Bun.stripANSI(line).trimEnd());
}

/** Returns the view after these keys were pressed. */
function pressed(keys: string, { shown = model, view = firstView }: { shown?: Model; view?: View } = {}): View {
  return keysIn(keys).reduce((before, key) => viewAfter(key, before, { model: shown, size }) ?? before, view);
}

const many = modelFrom([
  node(
    "gw",
    Array.from({ length: 50 }, (_, at) => ({ name: `s${String(at).padStart(2, "0")}` })),
  ),
]);

describe("the model of praetor top", () => {
  test("lists services by name, each with the status of its worst check", () => {
    expect(model.services.map(({ name, status }) => [name, status])).toEqual([
      ["api", "warning"],
      ["queue", "passing"],
      ["web", "critical"],
    ]);
  });

  test("counts a node's failing checks for each service of that node", () => {
    const dead = { CheckID: "serfHealth", Name: "Serf", ServiceID: "", Status: "critical", Output: "gone" };
    const [api] = modelFrom([node("gw", [{ name: "api", status: "passing" }], [dead])]).services;
    expect(api?.status).toBe("critical");
    expect(api?.instances[0]?.checks.map(({ id }) => id)).toEqual(["serfHealth", "api-check"]);
    const [well] = modelFrom([node("gw", [{ name: "api" }], [{ ...dead, Status: "passing" }])]).services;
    expect(well?.instances[0]?.checks).toEqual([]);
  });

  test("distinguishes maintenance from a critical check", () => {
    const drained = { CheckID: "_node_maintenance", Name: "Node Maintenance", ServiceID: "", Status: "critical" };
    expect(modelFrom([node("gw", [{ name: "api" }], [drained])]).services[0]?.status).toBe("maintenance");
  });
});

describe("the screen of praetor top", () => {
  test("shows a heading, services in columns and a line with the keys to press", () => {
    const lines = seen(model);
    expect(lines).toHaveLength(24);
    expect(lines[0]).toBe("praetor top  http://127.0.0.1:8500  3 services  1 critical  1 warning  1 passing");
    expect(lines.slice(1, 5)).toEqual([
      "STATUS        SERVICE           INSTANCES  CHECKS  SINCE  ADDRESS",
      "critical      web               0/1        0/1            10.0.0.7:80",
      "warning       api               1/2        1/2            10.0.0.7:80 +1",
      "passing       queue             1/1        0/0            10.0.0.7:80",
    ]);
    expect(lines[23]).toBe("q quit  ? keys  / filter  s sort by name  enter checks");
  });

  test.each([
    [80, 24],
    [40, 10],
    [20, 5],
    [200, 50],
    [1, 1],
  ])("of %i columns and %i rows has a line for each row, and no line is wider than the screen", (columns, rows) => {
    const open = new Set(many.services.map(({ name }) => name));
    const view = settled({ ...firstView, open }, { model: many, size: { columns, rows } });
    const lines = render(many, { columns, rows }, { ...rest, view });
    expect(lines).toHaveLength(rows);
    expect(lines.filter((line) => Bun.stringWidth(line) > columns)).toEqual([]);
  });

  test("contains no control sequences from the names and outputs of services and checks", () => {
    const evil = modelFrom([
      node("gw", [{ name: "a\u001b[2J", status: "critical", output: "x\u001b]0;y\u0007\nz\r" }]),
    ]);
    const text = render(evil, size, { ...rest, view: pressed("\r", { shown: evil }) }).join("");
    expect(text).not.toContain("\u001b[2J");
    expect(text).not.toContain("\u0007");
    expect(Bun.stripANSI(text)).toContain("alive: x ]0;y z");
  });

  test("marks each service as stale while the agent does not answer, and shows the time of the agent's last answer", () => {
    const lines = seen(model, firstView, { trouble: "connection refused" });
    expect(lines[0]).toBe("STALE, as of 12:00:00: connection refused");
    expect(lines.slice(2, 5).map((line) => line.split(/ +/)[0])).toEqual(["critical?", "warning?", "passing?"]);
  });

  test("has no colours if colours are switched off", () => {
    const coloured = render(model, size, { ...rest, view: firstView }).join("");
    const plain = render(model, size, { ...rest, view: firstView, hasColours: false }).join("");
    // oxlint-disable-next-line no-control-regex -- the sequences of colours
    const colour = /\u001b\[[34]\d/;
    expect([coloured, plain].map((text) => colour.test(text))).toEqual([true, false]);
  });

  test("of 40 columns shows status, service, age and the whole output of a check", () => {
    const narrow = { columns: 40, rows: 12 };
    const view = settled({ ...firstView, open: new Set(["web"]) }, { model, size: narrow });
    const lines = render(model, narrow, { ...rest, view }).map((line) => Bun.stripANSI(line).trimEnd());
    expect(lines.slice(1, 9)).toEqual([
      "STATUS        SERVICE              SINCE",
      "critical      web",
      "critical        web-id on gw at",
      "                  10.0.0.7:80",
      "critical          alive: HTTP GET",
      "                    http://10.0.0.7/ping",
      "                    : 404 Not Found",
      "warning       api",
    ]);
  });

  test("shows how long each service has had its status", () => {
    const since: Readonly<Record<string, number>> = {
      "web-check": 90_000,
      "api-check": 5_000,
      "late-check": 3 * 86_400_000,
    };
    const json = [
      node(
        "gw",
        ["web", "api", "late", "new"].map((name) => ({ name, status: "passing" })),
      ),
    ];
    const aged = modelFrom(json, ({ id }) => (id in since ? nowMs - (since[id] ?? 0) : undefined));
    const ages = renderOnce(aged, nowMs)
      .slice(1)
      .map((row) => [row[1], row[4]]);
    expect(ages).toEqual([
      ["api", "5s"],
      ["late", "3d"],
      ["new", ""],
      ["web", "1m"],
    ]);
  });

  test("counts the time in passing from the last check that passed, and in critical from the first check that failed", () => {
    const checks = ["a", "b"].map((id) => ({ CheckID: id, Name: id, ServiceID: "web-id", Status: "critical" }));
    const json = (Status: string): unknown => [
      node(
        "gw",
        [{ name: "web" }],
        checks.map((check) => ({ ...check, Status })),
      ),
    ];
    const sinceOf = ({ id }: { readonly id: string }): number => nowMs - (id === "a" ? 10_000 : 20_000);
    expect(modelFrom(json("critical"), sinceOf).services[0]?.sinceMs).toBe(nowMs - 20_000);
    expect(modelFrom(json("passing"), sinceOf).services[0]?.sinceMs).toBe(nowMs - 10_000);
  });

  test("shows a message if the catalog has no services, or no service matches the filter", () => {
    expect(seen({ services: [] })[2]).toBe("No services.");
    expect(seen(model, pressed("/nothing"))[2]).toBe("No services match the filter.");
  });

  test("is printed once as a plain table if the output is not a terminal", () => {
    expect(renderOnce(model, nowMs)[1]).toEqual(["warning", "api", "1/2", "1/2", "", "10.0.0.7:80 +1"]);
  });

  test("shortens texts to a number of terminal columns, and counts two columns for wide letters", () => {
    expect(fit("abcdef", 6)).toBe("abcdef");
    expect(fit("abcdef", 5)).toBe("abcd…");
    expect(fit("日本語", 5)).toBe("日本…");
    expect(fit("abc", 0)).toBe("");
  });
});

test("praetor top redraws only the lines of the screen that have changed", () => {
  expect(redrawn(["a", "b", "c"], ["a", "x", "c"])).toBe("\u001b[2;1Hx\u001b[K");
  expect(redrawn(["a"], ["a"])).toBe("");
  expect(redrawn([], ["a", "b"])).toBe("\u001b[1;1Ha\u001b[K\u001b[2;1Hb\u001b[K");
});

describe("keys pressed in praetor top", () => {
  test("are decoded even if several arrive in one read", () => {
    expect(keysIn("a\u001b[A\u001b[6~\r\u007f\u001b\u001b[99~é")).toEqual([
      { name: "text", text: "a" },
      { name: "up" },
      { name: "page-down" },
      { name: "enter" },
      { name: "backspace" },
      { name: "escape" },
      { name: "text", text: "é" },
    ]);
  });

  test.each(["q", "\u0003"])("%j ends praetor top", (key) => {
    const [first] = keysIn(key);
    expect(first && viewAfter(first, firstView, { model, size })).toBeUndefined();
  });

  test.each(["\r", " "])(
    "%j shows a service's instances and checks with their output; pressed again, it hides them",
    (key) => {
      const view = pressed(key);
      expect(seen(model, view).slice(2, 6)).toEqual([
        "critical      web               0/1        0/1            10.0.0.7:80",
        "critical        web-id on gw at 10.0.0.7:80",
        "critical          alive: HTTP GET http://10.0.0.7/ping: 404 Not Found",
        "warning       api               1/2        1/2            10.0.0.7:80 +1",
      ]);
      expect(seen(model, pressed(key, { view }))[3]).toStartWith("warning");
    },
  );

  test("? shows the help instead of the list, and any key returns to the list", () => {
    const view = pressed("?");
    expect(seen(model, view).join("\n")).toContain("by status or by name");
    expect(seen(model, view).at(-1)).toBe("any key goes back");
    expect(pressed("q", { view })).toMatchObject({ isHelpShown: false });
  });

  test("s toggles between sorting by name and by status, worst first", () => {
    const names = (view: View): readonly string[] =>
      seen(model, view)
        .slice(2, 5)
        .map((line) => line.split(/ +/)[1] ?? "");
    expect(names(pressed("s"))).toEqual(["api", "queue", "web"]);
    expect(names(pressed("ss"))).toEqual(["web", "api", "queue"]);
  });

  test("/ starts a filter by name, node, address and tag, in which q is a letter", () => {
    expect(seen(model, pressed("/EDGE"))[3]).toBe("");
    expect(seen(model, pressed("/q")).at(-1)).toStartWith("/q_");
    expect(seen(model, pressed("/qx\u007f"))[2]).toContain("queue");
    expect(seen(model, pressed("/10.0.0.8\r")).at(-1)).toContain("/10.0.0.8 (escape: all)");
    expect(pressed("/web\r\u001b").filter).toBe("");
    expect(pressed("/web\u001b")).toMatchObject({ filter: "", isTyping: false });
  });

  test("arrow and page keys move the cursor, which stays on the screen", () => {
    const to = (keys: string): View => pressed(keys, { shown: many });
    expect(to("\u001b[B\u001b[B\u001b[A").cursor).toEqual({ line: 1, key: "s01" });
    expect(to("\u001b[A").cursor.line).toBe(0);
    expect(to("\u001b[6~")).toMatchObject({ cursor: { line: 20 }, offset: 0 });
    expect(to("\u001b[6~\u001b[6~")).toMatchObject({ cursor: { line: 40 }, offset: 20 });
    expect(to("\u001b[F")).toMatchObject({ cursor: { line: 49 }, offset: 29 });
    expect(to("\u001b[F\u001b[5~\u001b[5~\u001b[5~")).toMatchObject({ cursor: { line: 0 }, offset: 0 });
    expect(seen(many, to("\u001b[F")).at(-1)).toEndWith("30-50 of 50");
  });
});

test("the cursor of praetor top stays on its service when other services appear or disappear", () => {
  const view = settled(pressed("s\u001b[F"), { model, size });
  expect(view.cursor.key).toBe("web");
  const more = modelFrom([node("gw", [{ name: "aaa" }, { name: "api" }, { name: "queue" }, { name: "web" }])]);
  expect(settled(view, { model: more, size }).cursor).toEqual({ line: 3, key: "web" });
  const fewer = modelFrom([node("gw", [{ name: "api" }])]);
  expect(settled(view, { model: fewer, size }).cursor).toEqual({ line: 0, key: "api" });
});
