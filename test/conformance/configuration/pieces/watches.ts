import { hcl, json, type Piece } from "../piece.ts";

/** The pieces of configuration with watches and their handlers. */
export const watches: readonly Piece[] = [
  json("watch: a key", '{"watches": [{"type": "key", "key": "a/b", "handler_type": "script", "args": ["true", "x"]}]}'),
  json(
    "watch: one argument",
    '{"watches": [{"type": "key", "key": "a/b", "handler_type": "script", "args": ["true"]}]}',
  ),
  json("watch: args as a text", '{"watches": [{"type": "services", "args": "true"}]}'),
  json("watch: handler, of old", '{"watches": [{"type": "keyprefix", "prefix": "a/", "handler": "cat > /dev/null"}]}'),
  json("watch: handler and args", '{"watches": [{"type": "services", "handler": "true", "args": ["true"]}]}'),
  json("watch: no handler", '{"watches": [{"type": "services"}]}'),
  json("watch: no type", '{"watches": [{"args": ["true"]}]}'),
  json("watch: a type that is none", '{"watches": [{"type": "ports", "args": ["true"]}]}'),
  json("watch: no key", '{"watches": [{"type": "key", "args": ["true"]}]}'),
  json("watch: a parameter of another type", '{"watches": [{"type": "services", "key": "a", "args": ["true"]}]}'),
  json("watch: an object", '{"watches": {"type": "services", "args": ["true"]}}'),
  json(
    "watch: an URL",
    '{"watches": [{"type": "key", "key": "a", "handler_type": "http", "http_handler_config": {"path": "http://127.0.0.1:9/x",' +
      ' "method": "POST", "header": {"x-a": ["b"]}, "timeout": "10s", "tls_skip_verify": false}}]}',
  ),
  json("watch: an URL without its settings", '{"watches": [{"type": "key", "key": "a", "handler_type": "http"}]}'),
  json(
    "watch: a handler that is none",
    '{"watches": [{"type": "key", "key": "a", "handler_type": "mail", "args": ["true"]}]}',
  ),
  hcl(
    "watch: an URL in HCL",
    'watches { type = "key" key = "a" handler_type = "http" http_handler_config { path = "http://127.0.0.1:9/x"' +
      ' header { x-a = ["b"] } timeout = "10s" } }',
  ),
  hcl(
    "watch: blocks in HCL",
    'watches { type = "services" args = ["true"] }\n' +
      'watches { type = "service" service = "press" tag = ["a", "b"] args = ["true", "x"] }',
  ),
];
