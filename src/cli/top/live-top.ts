import { type Clock, sleep } from "../../lib/clock.ts";
import type { Catalog } from "./follow.ts";
import { keysIn } from "./keys.ts";
import type { Model } from "./model.ts";
import { render } from "./render.ts";
import { Screen } from "./screen.ts";
import { firstView, settled, type View, viewAfter } from "./view.ts";

export interface LiveTopOptions {
  readonly clock: Clock;
  /** The agent's URL. */
  readonly url: string;
  readonly hasColours: boolean;
  readonly write: (text: string) => void;
  readonly onQuit: () => void;
}

const ageStepMs = 1_000;

/**
 * Shows the catalog on the screen and handles keys. Redraws when the catalog, the view or the screen's size changes, and every
 * second to update the ages.
 */
export class LiveTop {
  readonly #catalog: Catalog;
  readonly #options: LiveTopOptions;
  readonly #screen: Screen;
  readonly #ended = new AbortController();
  #model: Model = { services: [] };
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
      const view = viewAfter(key, this.#view, { model: this.#model, size: this.#screen.size });
      if (view === undefined) return this.#options.onQuit();
      this.#view = view;
    }
    this.#draw();
  }

  #draw(): void {
    const size = this.#screen.size;
    this.#view = settled(this.#view, { model: this.#model, size });
    const { clock, hasColours, url } = this.#options;
    const heading = { url, trouble: this.#trouble, answeredMs: this.#answeredMs };
    this.#screen.draw(render(this.#model, size, { view: this.#view, heading, hasColours, nowMs: clock.wallMs() }));
  }
}
