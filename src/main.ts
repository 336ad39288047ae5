import "./cli/survive-signals.ts";

// Loaded after it: a bundle may evaluate the modules that several parts of the program share before the first import of this file.
void import("./program.ts");
