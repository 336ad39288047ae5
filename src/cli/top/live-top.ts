import type { Clock } from "../../lib/clock.ts";
import type { AgentApi } from "../api-command.ts";
import { followModel } from "./follow.ts";
import { keysIn } from "./keys.ts";
import type { Model } from "./model.ts";
import { render } from "./render.ts";
import { Screen } from "./screen.ts";
import { firstView, settled, type View, viewAfter } from "./view.ts";

export interface LiveTopOptions {
  readonly clock: Clock;
  readonly write: (text: string) => void;
  readonly onQuit: () => void;
}

/** The screen, the catalog that it shows, and what was chosen at the keyboard: each change of one is drawn. */
export class LiveTop {
  readonly #api: AgentApi;
  readonly #options: LiveTopOptions;
  readonly #screen: Screen;
  readonly #ended = new AbortController();
  #model: Model = { services: [] };
  #view: View = firstView;
  #trouble = "";

  constructor(api: AgentApi, options: LiveTopOptions) {
    this.#api = api;
    this.#options = options;
    this.#screen = new Screen(options.write);
  }

  /** Never resolves before stop() is called. */
  async run(): Promise<never> {
    this.#screen.onKeys((text) => this.#typed(text));
    this.#screen.onResize(() => this.#draw());
    const follower = {
      onModel: (model: Model): void => this.#changed({ model, trouble: "" }),
      onTrouble: (trouble: string): void => this.#changed({ model: this.#model, trouble }),
    };
    const { clock } = this.#options;
    await followModel(this.#api, follower, { clock, signal: this.#ended.signal });
    return new Promise<never>(() => {});
  }

  /** The terminal is as it was. */
  stop(): void {
    this.#ended.abort();
    this.#screen.close();
  }

  #changed({ model, trouble }: { readonly model: Model; readonly trouble: string }): void {
    this.#model = model;
    this.#trouble = trouble;
    this.#draw();
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
    const heading = { url: this.#api.url.origin, trouble: this.#trouble };
    this.#screen.draw(render(this.#model, size, { view: this.#view, heading }));
  }
}
