import { type Clock, sleep } from "../../lib/clock.ts";
import type { AgentApi } from "../api-command.ts";
import type { ServersHealth } from "../../doctor/server-health.ts";
import type { Size } from "./body.ts";
import type { Catalog } from "./follow.ts";
import { keysIn } from "./keys.ts";
import type { Model } from "./model.ts";
import { render, withServers } from "./render.ts";
import { Screen } from "./screen.ts";
import { followServers, isAtRisk, serverLines } from "./servers.ts";
import { firstView, settled, type View, viewAfter } from "./view.ts";

export interface LiveTopOptions {
  readonly api: AgentApi;
  readonly clock: Clock;
  readonly hasColours: boolean;
  readonly write: (text: string) => void;
  readonly onQuit: () => void;
}

const ageStepMs = 1_000;

/**
 * Shows the catalog, and above it the servers of a cluster, on the screen and handles keys. Redraws when the catalog, the view or the screen's size changes, and every
 * second to update the ages.
 */
export class LiveTop {
  readonly #catalog: Catalog;
  readonly #options: LiveTopOptions;
  readonly #screen: Screen;
  readonly #ended = new AbortController();
  #model: Model = { services: [] };
  #servers: ServersHealth | undefined;
  #view: View = firstView;
  #trouble = "";
  #answeredMs = 0;

  constructor(catalog: Catalog, options: LiveTopOptions) {
    this.#catalog = catalog;
    this.#options = options;
    this.#screen = new Screen(options.write);
  }

  /** Follows the catalog until stop(); never resolves. */
  async run(): Promise<never> {
    this.#screen.onKeys((text) => this.#typed(text));
    this.#screen.onResize(() => this.#draw());
    const follower = {
      onModel: (model: Model): void => {
        this.#answeredMs = this.#options.clock.wallMs();
        this.#changed({ model, trouble: "" });
      },
      onTrouble: (trouble: string): void => this.#changed({ model: this.#model, trouble }),
    };
    void this.#redrawAges();
    const { api, clock } = this.#options;
    const onServers = (servers: ServersHealth | undefined): void => {
      this.#servers = servers;
      this.#draw();
    };
    void followServers({ api, clock, signal: this.#ended.signal, onServers });
    await this.#catalog.follow(follower, this.#ended.signal);
    return new Promise<never>(() => {});
  }

  /** Stops following and restores the terminal. */
  stop(): void {
    this.#ended.abort();
    this.#screen.close();
  }

  #changed({ model, trouble }: { readonly model: Model; readonly trouble: string }): void {
    this.#model = model;
    this.#trouble = trouble;
    this.#draw();
  }

  async #redrawAges(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await sleep(this.#options.clock, ageStepMs, signal);
      this.#draw();
    }
  }

  #typed(text: string): void {
    for (const key of keysIn(text)) {
      const view = viewAfter(key, this.#view, { model: this.#model, size: this.#size });
      if (view === undefined) return this.#options.onQuit();
      this.#view = view;
    }
    this.#draw();
  }

  /** The lines about the servers. */
  get #lines(): readonly string[] {
    return serverLines(this.#servers, this.#screen.size);
  }

  /** The size of the screen without these lines. */
  get #size(): Size {
    const { columns, rows } = this.#screen.size;
    return { columns, rows: rows - this.#lines.length };
  }

  #draw(): void {
    if (this.#ended.signal.aborted) return;
    const size = this.#size;
    this.#view = settled(this.#view, { model: this.#model, size });
    const { api, clock, hasColours } = this.#options;
    const heading = { url: api.url.origin, trouble: this.#trouble, answeredMs: this.#answeredMs };
    const shown = { view: this.#view, heading, hasColours, nowMs: clock.wallMs() };
    const servers = { lines: this.#lines, isAtRisk: isAtRisk(this.#servers), columns: size.columns };
    this.#screen.draw(withServers(render(this.#model, size, shown), servers, shown));
  }
}
