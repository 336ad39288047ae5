/**
 * The sets of network interfaces for which Consul's expansions of address templates are recorded, by name. A value has
 * the arguments of one `ip` command on each line. The commands run in a network namespace in which lo is up. The links
 * are bridges and tunnels, because every kernel that runs containers has them.
 */
export const interfaceSets: Readonly<Record<string, string>> = {
  "one address": `${link("eth0", 1)}
    addr add 192.168.1.5/24 dev eth0
    route add default via 192.168.1.1`,
  "a floating address behind": `${link("eth0", 1)}
    addr add 10.20.0.5/24 dev eth0
    addr add 10.20.0.100/32 dev eth0
    route add default via 10.20.0.1`,
  "a floating address before": `${link("eth0", 1)}
    addr add 10.20.0.100/32 dev eth0
    addr add 10.20.0.5/24 dev eth0
    route add default via 10.20.0.1`,
  "labels, and several networks on one interface": `${link("eth0", 1)}
    addr add 10.1.2.3/16 dev eth0
    addr add 172.20.0.9/20 dev eth0 label eth0:1
    addr add 10.1.2.4/16 dev eth0 label eth0:vip
    addr add 192.168.7.7/30 dev eth0
    addr add 8.8.4.4/30 dev eth0
    route add default via 10.1.0.1`,
  "IPv6 of each kind": `${link("eth0", 1)}
    addr add 2600:1f18::5/64 dev eth0 nodad
    addr add fd12:3456::5/48 dev eth0 nodad
    addr add fd12:3456::9/128 dev eth0 nodad
    addr add fe80::5/64 dev eth0 nodad
    addr add 2001:db8::7/64 dev eth0 nodad
    route add default via 2600:1f18::1`,
  "IPv6 before IPv4": `${link("eth0", 1)}
    ${link("eth1", 2)}
    addr add 2600:1f18::5/64 dev eth0 nodad
    addr add fd00::2/64 dev eth0 nodad
    addr add 10.0.0.2/8 dev eth1
    addr add fd00::1/64 dev eth1 nodad
    addr add 54.1.2.3/24 dev eth1
    route add default via 10.0.0.1`,
  "link-local addresses only": `${link("eth0", 1)}
    addr add 169.254.10.1/16 dev eth0
    addr add fe80::10:1/64 dev eth0 nodad`,
  "an interface that is down": `${link("eth0", 1)}
    ${link("eth1", 2)}
    addr add 10.30.0.5/16 dev eth1
    addr add 10.20.0.5/24 dev eth0
    route add default via 10.20.0.1
    link set eth1 down`,
  "loopback only": "",
  "further addresses on loopback": `addr add 10.255.0.1/32 dev lo
    addr add fd00:255::1/128 dev lo nodad`,
  "a container engine and VLANs": `${link("eth0", 1)}
    ${link("docker0", 2)}
    ${link("br-3f2a", 3)}
    ${link("eth0.100", 4)}
    addr add 192.168.1.5/24 dev eth0
    addr add 172.17.0.1/16 dev docker0
    addr add 172.18.0.1/16 dev br-3f2a
    addr add 10.100.0.5/22 dev eth0.100
    route add default via 10.100.0.1`,
  "two interfaces in one network, two default routes": `${link("wlan0", 1)}
    ${link("eth0", 2)}
    addr add 192.168.1.50/24 dev wlan0
    addr add 192.168.1.51/24 dev eth0
    route add default via 192.168.1.1 dev wlan0 metric 600
    route add default via 192.168.1.1 dev eth0 metric 100`,
  "public addresses, no default route": `${link("eth0", 1)}
    ${link("eth1", 2)}
    addr add 54.1.2.3/28 dev eth1
    addr add 52.9.9.9/24 dev eth1
    addr add 54.1.2.1/32 dev eth0
    addr add 2600::1/64 dev eth0 nodad`,
  "a modem without a gateway": `${link("eth0", 1)}
    tuntap add dev ppp0 mode tun
    link set dev ppp0 addrgenmode none
    link set ppp0 up
    addr add 192.168.1.5/24 dev eth0
    addr add 100.64.1.2 peer 100.64.1.1 dev ppp0
    route add default dev ppp0`,
  "special networks": `${link("a1", 1)}
    addr add 198.18.0.5/15 dev a1
    addr add 100.65.0.5/10 dev a1
    addr add 203.0.113.5/24 dev a1
    addr add 198.51.100.5/24 dev a1
    addr add 192.0.2.5/24 dev a1
    addr add 192.0.0.5/29 dev a1
    addr add 192.88.99.5/24 dev a1`,
  "special networks of IPv6": `${link("a1", 1)}
    addr add 64:ff9b::5/96 dev a1 nodad
    addr add 100::5/64 dev a1 nodad
    addr add 2001:10::5/28 dev a1 nodad
    addr add 2002:c058:6301::5/120 dev a1 nodad
    addr add 2001:200::5/48 dev a1 nodad
    addr add fec0::5/64 dev a1 nodad`,
  "networks wider than a private one": `${link("eth0", 1)}
    addr add 10.1.1.1/7 dev eth0
    addr add 172.16.0.5/8 dev eth0
    addr add 192.168.0.5/31 dev eth0
    addr add 9.9.9.9/0 dev eth0`,
  "names with dots, colons and capitals": `${link("Eth0", 1)}
    ${link("ens5f0.42", 2)}
    ${link("7", 3)}
    ${link("enp3s0f1np1+x", 4)}
    addr add 10.3.0.1/24 dev 7
    addr add 10.1.0.1/24 dev Eth0
    addr add 10.2.0.1/24 dev ens5f0.42
    addr add 10.4.0.1/24 dev enp3s0f1np1+x`,
  "eight addresses, some equal in all but the address": `${link("eth1", 1)}
    ${link("eth0", 2)}
    addr add 10.0.9.1/24 dev eth1
    addr add 10.0.8.1/24 dev eth1
    addr add 10.0.7.1/24 dev eth1
    addr add 10.0.6.1/16 dev eth0
    addr add 10.0.5.1/24 dev eth0
    addr add 10.0.4.1/24 dev eth0
    route add default via 10.0.0.1`,
};

function link(name: string, number: number): string {
  return `link add ${name} address 02:00:00:00:00:0${number} type bridge
    link set dev ${name} addrgenmode none
    link set ${name} up`;
}
