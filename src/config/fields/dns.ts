import { type Field, settled, unused } from "../field.ts";

/** Read and checked, so that a mistake is told; there is nothing yet that would answer. */
export const dnsFields: readonly Field[] = [
  settled("discovery_max_stale", "duration", "Stale reads come from this server's own copy, which is current."),
  ...unused("this version does not answer DNS", {
    domain: "string",
    alt_domain: "string",
    recursors: "strings",
    "addresses.dns": "string",
    "dns_config.only_passing": "bool",
    "dns_config.node_ttl": "duration",
    "dns_config.service_ttl": "duration map",
    "dns_config.enable_truncate": "bool",
    "dns_config.a_record_limit": "int",
    "dns_config.udp_answer_limit": "int",
    "dns_config.disable_compression": "bool",
    "dns_config.enable_additional_node_meta_txt": "bool",
    "dns_config.recursor_timeout": "duration",
    "dns_config.soa.refresh": "uint",
    "dns_config.soa.retry": "uint",
    "dns_config.soa.expire": "uint",
    "dns_config.soa.min_ttl": "uint",
    "dns_config.allow_stale": "bool",
    "dns_config.max_stale": "duration",
    "dns_config.use_cache": "bool",
    "dns_config.cache_max_age": "duration",
    "dns_config.prefer_namespace": "bool",
  }),
];
