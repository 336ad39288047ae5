import { describe, expect, test } from "bun:test";

/* WCAG 2.2: text has a contrast of 4.5:1 (1.4.3), shapes and the focus 3:1 (1.4.11). Computed from the tokens of both themes. */

const css = await Bun.file(`${import.meta.dir}/praetor.css`).text();

function tokensOf(selector: string): ReadonlyMap<string, string> {
  const [, body = ""] = new RegExp(`${selector.replaceAll(/[[\]"]/g, "\\$&")} \\{([^}]*)\\}`).exec(css) ?? [];
  return new Map([...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = "", value = ""]) => [name, value]));
}

/** Returns the relative luminance of a colour, from 0 to 1 (WCAG 2.2, "relative luminance"). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

test("the contrast of black on white is 21, and that of a colour on itself 1", () => {
  expect([contrast("#000000", "#ffffff"), contrast("#8a5200", "#8a5200")]).toEqual([21, 1]);
});

describe.each([[":root"], [':root[data-theme="dark"]']])("the theme of %s", (selector) => {
  const tokens = tokensOf(selector);
  const colour = (name: string): string => tokens.get(name) ?? "";

  test.each(["text", "faint", "link", "critical", "maintenance", "warning", "passing"])(
    "has readable text: %s",
    (name) => {
      for (const ground of ["ground", "raised"])
        expect(contrast(colour(name), colour(ground))).toBeGreaterThanOrEqual(4.5);
    },
  );

  test.each(["line", "focus", "critical", "maintenance", "warning", "passing"])("has visible shapes: %s", (name) => {
    for (const ground of ["ground", "raised"]) expect(contrast(colour(name), colour(ground))).toBeGreaterThanOrEqual(3);
  });
});

test("the system's dark theme has the same tokens as the dark one", () => {
  expect(tokensOf(':root[data-theme="system"]')).toEqual(tokensOf(':root[data-theme="dark"]'));
  expect(tokensOf(':root[data-theme="dark"]').size).toBe(tokensOf(":root").size);
});
