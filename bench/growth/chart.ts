import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Growth } from "./figures.ts";
import { drawPanel, panelHeight, panelWidth, type PanelScale } from "./panel.ts";
import { decadesOf } from "./scale.ts";

const path = join(import.meta.dir, "../growth.svg");

const columns = 4;
const margin = 28;
const headHeight = 92;

/**
 * The styles of the picture, which has its own background: CSS can detect the colour scheme of the reader's system, but not the
 * colours of the page that shows the picture.
 */
const style = `
  svg { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
  .ground { fill: #ffffff; } .ink { fill: #1f2328; } .faint { fill: #656d76; }
  .grid { stroke: #e4e7eb; } .guide { stroke: #656d76; stroke-dasharray: 2 3; }
  .Praetor { --line: #0860c9; } .Consul { --line: #b4500a; }
  .line { fill: none; stroke: var(--line); stroke-width: 2; stroke-linejoin: round; }
  .dot, .name { fill: var(--line); } .noise { stroke: var(--line); stroke-width: 1.5; opacity: .45; }
  .title { font-weight: 600; } .unit { font-weight: 400; } .head { font-weight: 650; font-size: 20px; } .tick { font-size: 10.5px; }
  .name { font-size: 11.5px; font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } .ink { fill: #e6edf3; } .faint { fill: #9198a1; } .grid { stroke: #262c35; }
    .guide { stroke: #9198a1; } .Praetor { --line: #6cb6ff; } .Consul { --line: #f0a35e; }
  }`;

/** Draws the picture and writes it to bench/growth.svg. */
export function writeChart(growth: Growth): void {
  writeFileSync(path, drawChart(growth));
}

/**
 * Returns the picture as SVG, with a panel for each benchmark row. All panels have the same scale, so that slopes can be
 * compared.
 */
export function drawChart(growth: Growth): string {
  const scale: PanelScale = { sizes: growth.sizes, decades: decadesOf(growth) };
  const [width, height] = extentOf(growth.rows.length);
  const panels = growth.rows.map((row, at) => {
    const left = margin + (at % columns) * panelWidth;
    const top = headHeight + Math.floor(at / columns) * panelHeight;
    return `<g transform="translate(${left} ${top})">${drawPanel(growth, row, scale)}</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>How cost grows with what an agent holds: Praetor and Consul</title>`,
    `<style>${style}</style>`,
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    head(width),
    ...panels,
    "</svg>\n",
  ].join("\n");
}

function extentOf(panels: number): readonly [width: number, height: number] {
  return [2 * margin + columns * panelWidth, headHeight + Math.ceil(panels / columns) * panelHeight + margin / 2];
}

function head(width: number): string {
  const guide = width - margin - 196;
  return [
    `<text class="ink head" x="${margin}" y="40">How cost grows</text>`,
    `<text class="faint" x="${margin}" y="62">by the number of services, with ten times as many keys; both axes logarithmic, one scale in all panels; the bars are the rounds</text>`,
    `<line class="guide" x1="${guide}" y1="44" x2="${guide + 40}" y2="28"/>`,
    `<text class="faint" x="${guide + 48}" y="40">dotted: as the data grow</text>`,
  ].join("\n");
}
