import { hcl, json, type Piece } from "../piece.ts";

/** The pieces of configuration with definitions of services and checks. */
export const definitions: readonly Piece[] = [
  json(
    "service: all its fields",
    '{"service": {"id": "press-1", "name": "press", "tags": ["a", "b"], "address": "10.20.0.5", "port": 47,' +
      ' "meta": {"hall": "2"}, "tagged_addresses": {"lan": {"address": "10.20.0.6", "port": 48}},' +
      ' "weights": {"passing": 3, "warning": 2}, "enable_tag_override": true, "token": "secret",' +
      ' "check": {"id": "up", "name": "Up", "ttl": "30s", "notes": "by hand", "status": "passing"}}}',
  ),
  json("service: no name", '{"service": {"id": "press", "port": 47}}'),
  json("service: an empty name", '{"service": {"name": "", "port": 47}}'),
  json("service: a name that is no label", '{"service": {"name": "Press_No 1/a", "port": 47}}'),
  json("service: an id with a slash and blanks", '{"service": {"name": "press", "id": "http://10.0.0.7:80/a b"}}'),
  json("service: its fields in capitals", '{"Service": {"ID": "p", "Name": "press", "Tags": ["a"], "Port": 47}}'),
  json("service: enableTagOverride", '{"service": {"name": "press", "enableTagOverride": false}}'),
  json("service: EnableTagOverride", '{"service": {"Name": "press", "EnableTagOverride": false}}'),
  json(
    "service: TaggedAddresses",
    '{"service": {"name": "press", "TaggedAddresses": {"lan": {"Address": "10.0.0.1"}}}}',
  ),
  json("service: a port as a text", '{"service": {"name": "press", "port": "47"}}'),
  json("service: a port with a point", '{"service": {"name": "press", "port": 47.9}}'),
  json("service: a port that is none", '{"service": {"name": "press", "port": 123456}}'),
  json("service: a negative port", '{"service": {"name": "press", "port": -1}}'),
  json("service: tags as a text", '{"service": {"name": "press", "tags": "a"}}'),
  json("service: tags with a number", '{"service": {"name": "press", "tags": ["a", 1]}}'),
  json("service: meta with a number", '{"service": {"name": "press", "meta": {"a": 1}}}'),
  json("service: a key of meta with a blank", '{"service": {"name": "press", "meta": {"a b": "1"}}}'),
  json("service: an address that is a name", '{"service": {"name": "press", "address": "press.plant.example"}}'),
  json("service: the address of all", '{"service": {"name": "press", "address": "0.0.0.0", "port": 47}}'),
  json("service: an IPv6 address", '{"service": {"name": "press", "address": "2001:db8::7", "port": 47}}'),
  json("service: half of its weights", '{"service": {"name": "press", "weights": {"passing": 5}}}'),
  json("service: a weight of 0", '{"service": {"name": "press", "weights": {"passing": 0, "warning": 1}}}'),
  json("service: an unknown field", '{"service": {"name": "press", "host": "10.0.0.1", "protocol": "tcp"}}'),
  json("service: fields of a later version", '{"service": {"name": "press", "socket_path": "/run/p", "locality": {}}}'),
  json("service: two of one id", '{"services": [{"name": "press", "port": 1}, {"name": "press", "port": 2}]}'),
  json("service: a list in service", '{"service": [{"name": "press"}, {"name": "mixer"}]}'),
  json("service: a list of one in service", '{"service": [{"name": "press"}]}'),
  json("service: an object in services", '{"services": {"name": "press"}}'),
  json("service: services by their names", '{"services": {"press": {"port": 1}, "mixer": {"port": 2}}}'),
  json("service: a definition of the HTTP API", '{"ID": "press", "Name": "press", "Port": 47}'),
  json("service: native", '{"service": {"name": "press", "port": 47, "connect": {"native": true}}}'),
  json("service: nothing but a text", '{"service": "press"}'),
  hcl("sidecar: an empty one", 'service {\n  name = "press"\n  port = 47\n  connect { sidecar_service {} }\n}'),
  json(
    "sidecar: with upstreams",
    '{"service": {"name": "press", "id": "p1", "port": 47, "tags": ["a"], "meta": {"m": "1"}, "connect": {"sidecar_service":' +
      ' {"proxy": {"upstreams": [{"destination_name": "oven", "local_bind_port": 9191}], "config": {"a": 1}}}}}}',
  ),
  hcl(
    "sidecar: its own port, tags and check",
    'service {\n name = "press"\n port = 47\n connect {\n  sidecar_service {\n   port = 20000\n   tags = ["own"]\n' +
      '   meta { m = "2" }\n   check { name = "Alive" ttl = "30s" }\n  }\n }\n}',
  ),
  hcl(
    "sidecar: two of them",
    'services = [{ name = "press" connect { sidecar_service {} } }, { name = "mixer" connect { sidecar_service { } } }]',
  ),
  hcl("sidecar: its own id", 'service {\n name = "press"\n connect { sidecar_service { id = "proxy" } }\n}'),
  hcl(
    "sidecar: within a sidecar",
    'service { name = "press" connect { sidecar_service { connect { sidecar_service {} } } } }',
  ),
  hcl("sidecar: an unknown field", 'service { name = "press" connect { sidecar_service { bogus = 1 } } }'),
  hcl(
    "sidecar: its own range of ports",
    'ports { sidecar_min_port = 30000 sidecar_max_port = 30002 }\nservice { name = "press" connect { sidecar_service {} } }',
  ),
  hcl(
    "sidecar: no ports to choose from",
    'ports { sidecar_min_port = 0 sidecar_max_port = 0 }\nservice { name = "press" connect { sidecar_service {} } }',
  ),
  hcl(
    "sidecar: a check of it in a file",
    'service { name = "press" connect { sidecar_service {} } }\n' +
      'check { name = "hand" service_id = "press-sidecar-proxy" ttl = "1h" }',
  ),
  hcl("sidecar: a managed proxy of old", 'service { name = "press" connect { proxy { command = ["proxy"] } } }'),
  hcl(
    "proxy: a connect-proxy",
    'service { name = "p" kind = "connect-proxy" port = 8 proxy { destination_service_name = "press"' +
      ' upstreams { destination_name = "oven" local_bind_port = 9 } } }',
  ),
  hcl("proxy: without a destination", 'service { name = "p" kind = "connect-proxy" port = 8 }'),
  hcl("proxy: a field of old", 'service { name = "p" kind = "connect-proxy" proxy_destination = "press" port = 8 }'),
  hcl("proxy: an unknown field", 'service { name = "p" proxy { bogus = "x" } }'),
  hcl(
    "proxy: exposed paths",
    'service { name = "p" kind = "connect-proxy" port = 8 proxy { destination_service_name = "press" expose {' +
      ' checks = true paths = [{ path = "/h" local_path_port = 80 listener_port = 81 protocol = "http" }] } } }',
  ),
  hcl(
    "proxy: a mesh gateway with a sidecar",
    'service { name = "g" kind = "mesh-gateway" port = 8 connect { sidecar_service {} } }',
  ),
  json(
    "check: by HTTP, all its fields",
    '{"check": {"id": "web", "name": "Web", "notes": "n", "http": "https://127.0.0.1:9/health", "method": "POST",' +
      ' "header": {"Accept": ["text/plain"]}, "body": "{}", "tls_skip_verify": true, "interval": "1h", "timeout": "5s",' +
      ' "deregister_critical_service_after": "90m", "success_before_passing": 2, "failures_before_critical": 3,' +
      ' "output_max_size": 100, "status": "warning"}}',
  ),
  json("check: by TCP", '{"check": {"name": "db", "tcp": "127.0.0.1:9", "interval": "1h", "timeout": "1s"}}'),
  json(
    "check: by gRPC",
    '{"check": {"name": "rpc", "grpc": "127.0.0.1:9/mixer", "grpc_use_tls": true, "interval": "1h"}}',
  ),
  json("check: by TTL", '{"check": {"name": "hand", "ttl": "1h", "status": "passing"}}'),
  json(
    "check: of another service",
    '{"service": {"name": "press"}, "check": {"name": "also", "alias_service": "press"}}',
  ),
  json("check: of another node", '{"check": {"name": "also", "alias_node": "gateway-2"}}'),
  json("check: a name or an id alone", '{"checks": [{"id": "one", "ttl": "1h"}, {"name": "two", "ttl": "1h"}]}'),
  json("check: neither name nor id", '{"check": {"ttl": "1h"}}'),
  json("check: two of one id", '{"checks": [{"name": "a", "ttl": "1h"}, {"name": "a", "ttl": "2h"}]}'),
  json("check: a status in capitals", '{"check": {"name": "ups", "ttl": "1h", "status": "Passing"}}'),
  json("check: a status that is none", '{"check": {"id": "ups", "name": "UPS", "ttl": "1h", "status": "ok"}}'),
  json(
    "check: a status that is none, in a service",
    '{"service": {"name": "press", "check": {"ttl": "1h", "status": "ok"}}}',
  ),
  json("check: an empty status", '{"check": {"name": "ups", "ttl": "1h", "status": ""}}'),
  json("check: an empty one", '{"check": {}}'),
  json("check: an empty one in a service", '{"service": {"name": "press", "check": {}}}'),
  json("check: an empty list in a service", '{"service": {"name": "press", "checks": []}}'),
  json(
    "check: check and checks in a service",
    '{"service": {"name": "press", "check": {"ttl": "1h"}, "checks": [{"ttl": "2h"}]}}',
  ),
  json("check: a list in check", '{"service": {"name": "press", "check": [{"ttl": "1h"}, {"ttl": "2h"}]}}'),
  json("check: a list of one in check", '{"service": {"name": "press", "check": [{"ttl": "1h"}]}}'),
  json("check: an object in checks", '{"service": {"name": "press", "checks": {"ttl": "1h"}}}'),
  json("check: a text in a service", '{"service": {"name": "press", "check": "http://127.0.0.1:9"}}'),
  json(
    "check: interval and TTL",
    '{"service": {"name": "press", "check": {"tcp": "127.0.0.1:9", "interval": "1h", "ttl": "1h"}}}',
  ),
  json("check: no interval", '{"service": {"name": "press", "check": {"http": "http://127.0.0.1:9"}}}'),
  json("check: an interval alone", '{"check": {"name": "a", "interval": "1h"}}'),
  json("check: an interval as a number", '{"check": {"name": "a", "tcp": "127.0.0.1:9", "interval": 10}}'),
  json("check: an interval without a unit", '{"check": {"name": "a", "tcp": "127.0.0.1:9", "interval": "10"}}'),
  json("check: an interval with a blank", '{"check": {"name": "a", "tcp": "127.0.0.1:9", "interval": "10 s"}}'),
  json("check: an interval in words", '{"check": {"name": "a", "tcp": "127.0.0.1:9", "interval": "10sec"}}'),
  json("check: an interval of a day", '{"check": {"name": "a", "tcp": "127.0.0.1:9", "interval": "1d"}}'),
  json("check: an interval of several units", '{"check": {"name": "a", "tcp": "127.0.0.1:9", "interval": "1h2m3.5s"}}'),
  json("check: an empty interval", '{"check": {"name": "a", "ttl": "1h", "interval": ""}}'),
  json("check: a negative interval", '{"check": {"name": "a", "tcp": "127.0.0.1:9", "interval": "-10s"}}'),
  json("check: below the smallest interval", '{"check": {"name": "a", "tcp": "127.0.0.1:9", "interval": "100ms"}}'),
  json("check: script, which is gone", '{"check": {"name": "disk", "script": "df -h", "interval": "1h"}}'),
  json(
    "check: args",
    '{"enable_script_checks": true, "check": {"name": "disk", "args": ["df", "-h"], "interval": "1h"}}',
  ),
  json(
    "check: args as a text",
    '{"enable_script_checks": true, "check": {"name": "disk", "args": "df", "interval": "1h"}}',
  ),
  json(
    "check: args, from files only",
    '{"enable_local_script_checks": true, "check": {"name": "disk", "args": ["df"], "interval": "1h"}}',
  ),
  json(
    "check: args where scripts are off",
    '{"service": {"name": "press"}, "check": {"name": "disk", "args": ["df"], "interval": "1h"}}',
  ),
  json(
    "check: args in a service where scripts are off",
    '{"services": [{"name": "press", "check": {"args": ["df"], "interval": "1h"}}, {"name": "mixer"}]}',
  ),
  json(
    "check: ScriptArgs",
    '{"enable_script_checks": true, "check": {"Name": "disk", "ScriptArgs": ["df"], "Interval": "1h"}}',
  ),
  json(
    "check: script_args",
    '{"enable_script_checks": true, "check": {"name": "disk", "script_args": ["df"], "interval": "1h"}}',
  ),
  json(
    "check: names of the HTTP API",
    '{"service": {"name": "press"}, "check": {"ID": "a", "Name": "a", "ServiceID": "press", "HTTP": "http://127.0.0.1:9",' +
      ' "TLSSkipVerify": true, "Interval": "1h", "DeregisterCriticalServiceAfter": "1h"}}',
  ),
  json("check: CheckID", '{"check": {"CheckID": "a", "Name": "a", "TTL": "1h"}}'),
  json("check: SuccessBeforePassing", '{"check": {"Name": "a", "TTL": "1h", "SuccessBeforePassing": 2}}'),
  json(
    "check: type and port",
    '{"service": {"name": "press", "port": 47, "check": {"type": "tcp", "port": "http", "interval": "1h"}}}',
  ),
  json("check: fields of a later version", '{"check": {"name": "a", "h2ping": "127.0.0.1:9", "interval": "1h"}}'),
  json(
    "check: a service that is not there",
    '{"service": {"name": "press"}, "check": {"name": "a", "service_id": "oven", "ttl": "1h"}}',
  ),
  json("check: a container without a command", '{"check": {"name": "c", "docker_container_id": "abc", "ttl": "1h"}}'),
  json("check: a negative limit of output", '{"check": {"name": "c", "ttl": "1h", "output_max_size": -1}}'),
  json("check: an address that is none", '{"check": {"name": "c", "http": "127.0.0.1:9", "interval": "1h"}}'),
  json(
    "check: a header as a text",
    '{"check": {"name": "c", "http": "http://127.0.0.1:9", "interval": "1h", "header": {"A": "x"}}}',
  ),
  json("check: a serf check of its own", '{"check": {"id": "serfHealth", "name": "mine", "ttl": "1h"}}'),
  json(
    "bad among good: a check without an interval",
    '{"services": [{"name": "press", "port": 1}, {"name": "mixer", "check": {"tcp": "127.0.0.1:9"}}],' +
      ' "check": {"name": "ups", "ttl": "1h"}}',
  ),
  json("bad among good: a type", '{"services": [{"name": "press", "port": 1}, {"name": "mixer", "port": "2"}]}'),
  json(
    "bad among good: an unknown field",
    '{"services": [{"name": "press", "port": 1}, {"name": "mixer", "prot": 2}]}',
  ),
  json(
    "bad among good: a check of a bad service",
    '{"services": [{"name": "mixer", "port": "2"}],' +
      ' "checks": [{"name": "up", "service_id": "mixer", "ttl": "1h"}, {"name": "ups", "ttl": "1h"}]}',
  ),
];
