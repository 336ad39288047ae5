import { describe, expect, test } from "bun:test";
import { keysIn } from "./keys.ts";
import { type Model, modelFrom } from "./model.ts";
import { fit, render, renderOnce } from "./render.ts";
import { redrawn } from "./screen.ts";
import { firstView, settled, type View, viewAfter } from "./view.ts";

const size = { columns: 80, rows: 24 };
const heading = { url: "http://127.0.0.1:8500", trouble: "" };

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

/** Without colours. */
function seen(shown: Model, view: View = firstView, more: Partial<typeof heading> = {}): readonly string[] {
  return render(shown, size, { view, heading: { ...heading, ...more } }).map((line) => Bun.stripANSI(line).trimEnd());
}

/** The view after these keys were pressed. */
function pressed(keys: string, { shown = model, view = firstView }: { shown?: Model; view?: View } = {}): View {
  return keysIn(keys).reduce((before, key) => viewAfter(key, before, { model: shown, size }) ?? before, view);
}

const many = modelFrom([
  node(
    "gw",
    Array.from({ length: 50 }, (_, at) => ({ name: `s${String(at).padStart(2, "0")}` })),
  ),
]);

describe("a catalog", () => {
  test("has services in order, each as well as its worst instance, and those as well as their worst check", () => {
    expect(model.services.map(({ name, status }) => [name, status])).toEqual([
      ["api", "warning"],
      ["queue", "passing"],
      ["web", "critical"],
    ]);
  });

  test("takes a node's failing checks for its services', and passing ones for its own", () => {
    const dead = { CheckID: "serfHealth", Name: "Serf", ServiceID: "", Status: "critical", Output: "gone" };
    const [api] = modelFrom([node("gw", [{ name: "api", status: "passing" }], [dead])]).services;
    expect(api?.status).toBe("critical");
    expect(api?.instances[0]?.checks.map(({ id }) => id)).toEqual(["serfHealth", "api-check"]);
    const [well] = modelFrom([node("gw", [{ name: "api" }], [{ ...dead, Status: "passing" }])]).services;
    expect(well?.instances[0]?.checks).toEqual([]);
  });

  test("tells maintenance from failure", () => {
    const drained = { CheckID: "_node_maintenance", Name: "Node Maintenance", ServiceID: "", Status: "critical" };
    expect(modelFrom([node("gw", [{ name: "api" }], [drained])]).services[0]?.status).toBe("maintenance");
  });
});

describe("the screen", () => {
  test("has services under their titles, and the keys below", () => {
    const lines = seen(model);
    expect(lines).toHaveLength(24);
    expect(lines[0]).toBe("praetor top  http://127.0.0.1:8500  3 services  1 critical  1 warning  1 passing");
    expect(lines.slice(1, 5)).toEqual([
      "STATUS       SERVICE                   INSTANCES  CHECKS  ADDRESS",
      "warning      api                       1/2        1/2     10.0.0.7:80 +1",
      "passing      queue                     1/1        0/0     10.0.0.7:80",
      "critical     web                       0/1        0/1     10.0.0.7:80",
    ]);
    expect(lines[23]).toBe("q quit  / filter  s sort by status  enter checks");
  });

  test.each([
    [80, 24],
    [40, 10],
    [20, 5],
    [200, 50],
    [1, 1],
  ])("of %i columns and %i rows is filled, and no line is wider", (columns, rows) => {
    const open = new Set(many.services.map(({ name }) => name));
    const view = settled({ ...firstView, open }, { model: many, size: { columns, rows } });
    const lines = render(many, { columns, rows }, { view, heading });
    expect(lines).toHaveLength(rows);
    expect(lines.filter((line) => Bun.stringWidth(line) > columns)).toEqual([]);
  });

  test("obeys nothing that a check or a name says", () => {
    const evil = modelFrom([
      node("gw", [{ name: "a\u001b[2J", status: "critical", output: "x\u001b]0;y\u0007\nz\r" }]),
    ]);
    const text = render(evil, size, { view: pressed("\r", { shown: evil }), heading }).join("");
    expect(text).not.toContain("\u001b[2J");
    expect(text).not.toContain("\u0007");
    expect(Bun.stripANSI(text)).toContain("alive: x ]0;y z");
  });

  test("says when what it shows may be old", () => {
    expect(seen(model, firstView, { trouble: "connection refused" })[0]).toBe(
      "http://127.0.0.1:8500: connection refused",
    );
  });

  test("says so when there is nothing", () => {
    expect(seen({ services: [] })[2]).toBe("No services.");
    expect(seen(model, pressed("/nothing"))[2]).toBe("No services match the filter.");
  });

  test("is a plain table where no terminal is", () => {
    expect(renderOnce(model)[1]).toEqual(["warning", "api", "1/2", "1/2", "10.0.0.7:80 +1"]);
  });

  test("cuts what is too wide, wide letters too", () => {
    expect(fit("abcdef", 6)).toBe("abcdef");
    expect(fit("abcdef", 5)).toBe("abcd…");
    expect(fit("日本語", 5)).toBe("日本…");
    expect(fit("abc", 0)).toBe("");
  });
});

test("only lines that differ are drawn again", () => {
  expect(redrawn(["a", "b", "c"], ["a", "x", "c"])).toBe("\u001b[2;1Hx\u001b[K");
  expect(redrawn(["a"], ["a"])).toBe("");
  expect(redrawn([], ["a", "b"])).toBe("\u001b[1;1Ha\u001b[K\u001b[2;1Hb\u001b[K");
});

describe("keys", () => {
  test("are told apart however many come at once", () => {
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

  test.each(["q", "\u0003"])("%j leaves", (key) => {
    const [first] = keysIn(key);
    expect(first && viewAfter(first, firstView, { model, size })).toBeUndefined();
  });

  test.each(["\r", " "])("%j shows a service's instances and checks with their output, and hides them", (key) => {
    const view = pressed(`\u001b[F${key}`);
    expect(seen(model, view).slice(4, 7)).toEqual([
      "critical     web                       0/1        0/1     10.0.0.7:80",
      "critical       web-id on gw                               10.0.0.7:80",
      "critical         alive: HTTP GET http://10.0.0.7/ping: 404 Not Found",
    ]);
    expect(seen(model, pressed(key, { view }))[5]).toBe("");
  });

  test("s sorts by status, worst first, and back by name", () => {
    const names = (view: View): readonly string[] =>
      seen(model, view)
        .slice(2, 5)
        .map((line) => line.split(/ +/)[1] ?? "");
    expect(names(pressed("s"))).toEqual(["web", "api", "queue"]);
    expect(names(pressed("ss"))).toEqual(["api", "queue", "web"]);
  });

  test("/ filters by names, nodes, addresses and tags while it is typed; q is then a letter", () => {
    expect(seen(model, pressed("/EDGE"))[3]).toBe("");
    expect(seen(model, pressed("/q")).at(-1)).toStartWith("/q_");
    expect(seen(model, pressed("/qx\u007f"))[2]).toContain("queue");
    expect(seen(model, pressed("/10.0.0.8\r")).at(-1)).toContain("/10.0.0.8 (escape: all)");
    expect(pressed("/web\r\u001b").filter).toBe("");
    expect(pressed("/web\u001b")).toMatchObject({ filter: "", isTyping: false });
  });

  test("arrows and pages move, and what is chosen stays on the screen", () => {
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

test("what was chosen stays so while services come and go", () => {
  const view = settled(pressed("\u001b[F"), { model, size });
  expect(view.cursor.key).toBe("web");
  const more = modelFrom([node("gw", [{ name: "aaa" }, { name: "api" }, { name: "queue" }, { name: "web" }])]);
  expect(settled(view, { model: more, size }).cursor).toEqual({ line: 3, key: "web" });
  const fewer = modelFrom([node("gw", [{ name: "api" }])]);
  expect(settled(view, { model: fewer, size }).cursor).toEqual({ line: 0, key: "api" });
});
