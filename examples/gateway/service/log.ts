const levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];

/** Writes log lines in Geneva's format to standard output. The level can change at any time. */
export class ServiceLog {
  level: string;
  readonly #serviceKey: string;

  constructor(serviceKey: string, level: string) {
    this.#serviceKey = serviceKey;
    this.level = level;
  }

  debug(message: string): void {
    this.#write("DEBUG", message);
  }

  info(message: string): void {
    this.#write("INFO", message);
  }

  error(message: string): void {
    this.#write("ERROR", message);
  }

  #write(level: string, message: string): void {
    if (levels.indexOf(level) < levels.indexOf(this.level)) return;
    const text = JSON.stringify(message);
    process.stdout.write(`level=${level} ts=${new Date().toISOString()} app=${this.#serviceKey} msg=${text}\n`);
  }
}
