# Settings of the agent that praetor.service starts. All files of this folder that end in .hcl or .json are read, in the order of
# their names. Check them with `praetor validate /etc/praetor.d`; `systemctl reload praetor` applies most of them.

# A server that stands alone and serves this machine.
server    = true
bootstrap = true
bind_addr = "127.0.0.1"
ui        = true

# Another folder needs ReadWritePaths= in the unit too: `systemctl edit praetor`.
data_dir = "/var/lib/praetor"

# Let other machines use the agent. Turn on access control first.
#client_addr = "0.0.0.0"

# The name under which the catalog has this machine; the default is its host name.
#node_name = "gateway-1"

# Access control: `praetor acl bootstrap` then makes the first token.
#acl {
#  enabled        = true
#  default_policy = "deny"
#}

# A snapshot each day, of which seven are kept.
#backup { folder = "/var/lib/praetor/backups" }

# A service that does not register itself, and its check.
#service {
#  name = "modbus-bridge"
#  port = 502
#  check {
#    tcp      = "127.0.0.1:502"
#    interval = "10s"
#  }
#}

# Metrics for Prometheus at /v1/agent/metrics?format=prometheus.
#telemetry {
#  prometheus_retention_time = "60s"
#}
