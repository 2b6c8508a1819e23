/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as data: what a network is, which cards a container has on networks, which of its
 * ports are published, and what its firewall allows. Pure; strings belong to the arena that the
 * spec was built in. All-zero is "nothing asked for".
 */
#ifndef NK_OCI_NET_SPEC_H
#define NK_OCI_NET_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* An address, or with a prefix a subnet. family 0: not given. */
struct nk_ip {
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t prefix; /* bits */
	uint8_t a[16];	/* network byte order; IPv4 in the first four */
};
struct nk_ips {
	NK_VEC(struct nk_ip);
};

enum nk_net_driver {
	NK_NET_BRIDGE,
	NK_NET_MACVLAN,
	NK_NET_IPVLAN,
};

enum nk_ipam {
	NK_IPAM_HOST_LOCAL, /* leased by nook from the subnets */
	NK_IPAM_DHCP,	    /* by a DHCP server on the LAN */
	NK_IPAM_NONE,
};

struct nk_subnet {
	struct nk_ip net;     /* with prefix */
	struct nk_ip gateway; /* the bridge's own address; family 0: none */
	struct nk_ip range;   /* --ip-range: addresses are leased from it; family 0: all of net */
};

struct nk_net_option {
	const char *key, *value;
};
struct nk_net_options {
	NK_VEC(struct nk_net_option);
};

/* A network as `nook network create` keeps it. */
struct nk_network {
	const char *name;
	const char *id; /* 64 hex digits */
	enum nk_net_driver driver;
	const char *link;   /* bridge: name of the bridge on the host (15 characters at most) */
	const char *parent; /* --parent: a card of the host, or NULL */
	const char
		*mode; /* macvlan: bridge, private, vepa, passthru; ipvlan: l2, l3, l3s; or NULL */
	NK_VEC(struct nk_subnet)
	subnets;       /* at most one of each family is usual; several are possible */
	unsigned mtu;  /* 0: the kernel's default, or the parent's */
	bool internal; /* no way out */
	bool isolate;  /* nothing from or to other networks of nook */
	bool dns;      /* containers are found by name */
	enum nk_ipam ipam;
	struct nk_net_options options, labels;
	int64_t created; /* seconds since 1970 */
};
struct nk_networks {
	NK_VEC(struct nk_network);
	struct nk_strv broken; /* what is wrong with definitions that cannot be read, a line each */
};

/* One card of a container on a network. */
struct nk_net_card {
	const struct nk_network *network;
	const char *ifname;	 /* inside: "eth0" */
	const char *host_ifname; /* bridge: outside, 15 characters at most */
	uint8_t mac[6];
	struct nk_ips ips; /* with the subnet's prefix; asked for, or leased (src/net/lease.h) */
	struct nk_strv aliases; /* further names on this network */
	bool default_route;	/* the first card of each family that has a gateway */

	/* Facts, filled when the plan's facts are read (src/runtime/net_prepare.c). */
	uint32_t bridge_index; /* of network->link, whether it is there already or will be made with
				  it */
	bool bridge_missing;
	uint32_t parent_index; /* of network->parent */
	uint32_t index;	       /* that the card is going to have inside */
	bool netd_missing;     /* the network's nook-netd is wanted and does not run */
};

enum nk_proto { NK_TCP, NK_UDP };

/* -p: `count` ports from host_port lead to as many from port. */
struct nk_port {
	enum nk_proto proto;
	struct nk_ip host;  /* address of the host; family 0: all, of both families */
	uint16_t host_port; /* 0: a free one is chosen (prepare fills it) */
	uint16_t port, count;
};
struct nk_ports {
	NK_VEC(struct nk_port);
};

/* One line of a container's firewall, in words: `in accept tcp 80 from 192.168.0.2`. */
struct nk_fw_rule {
	bool out;			/* in, out */
	bool accept;			/* accept, drop */
	bool any_proto;			/* no protocol named */
	uint8_t proto;			/* IPPROTO_TCP, _UDP, _ICMP (with ICMPv6) */
	uint16_t port_first, port_last; /* of the destination; 0: all */
	struct nk_ip peer;		/* from (in) or to (out); family 0: everybody */
	const char *words;		/* as it was given */
};
struct nk_fw_rules {
	NK_VEC(struct nk_fw_rule);
};

enum nk_net_backend {
	NK_NET_BACKEND_NONE,  /* cards on networks of ours, or nothing */
	NK_NET_BACKEND_PASTA, /* rootless: the pasta program */
	NK_NET_BACKEND_SLIRP, /* rootless: slirp4netns */
};

/* What a container shall have of networks. */
struct nk_net_spec {
	NK_VEC(struct nk_net_card) cards;
	struct nk_ports ports;
	struct nk_ports exposed; /* --expose: told by inspect, published by --publish-all */
	struct nk_fw_rules firewall;
	bool firewall_given;   /* with --firewall: established traffic and loopback pass always */
	struct nk_strv egress; /* --egress allow=: domain names; n 0 and !egress_given: no limit */
	bool egress_given;
	enum nk_net_backend backend;
	const char *backend_path; /* of the program */
	/* Facts about it (src/runtime/net_backend.c). */
	bool backend_guest_maps;    /* pasta knows --map-guest-addr and --map-host-loopback */
	bool backend_ip6;	    /* slirp4netns: the host has a way out by IPv6 */
	const char *backend_dns;    /* the resolver inside, which leads to the host's; or NULL */
	unsigned mtu;		    /* of bridges and cards whose network names none */
	const char *resolv_conf;    /* for nook-netd, instead of /etc/resolv.conf; or NULL */
	const char *backend_socket; /* slirp4netns: where it takes ports; NULL: none published */
	const char *netd_path;	    /* of nook-netd, for cards whose netd_missing; or NULL */

	/* Facts (src/runtime/net_prepare.c). */
	bool table_missing;	   /* the nftables table `nook` with the rules of this version */
	bool forward4, forward6;   /* forwarding has to be switched on, by this start */
	bool bridge_filter;	   /* br_netfilter: rules see, and turn, what a bridge forwards */
	struct nk_strv accept_ra;  /* cards of the host that need accept_ra=2 before forward6 */
	bool ip6;		   /* the host has IPv6: ports of all addresses are held for both */
	bool dry;		   /* only to be explained: nothing is changed */
	const char *dhcp_path;	   /* of nook-dhcp, where a card needs it */
	const char *id, *hostname; /* to whom leases belong; what DHCP servers are told, or NULL */
	const char *root_dir;	   /* ROOT/networks */
	const char *owner;	   /* of leases and resolvers: this nook (net/lease.h) */
	const char *state_dir;	   /* STATE/net: leases, sockets of nook-netd */
};

/* The card that published ports lead to: the first on a bridge that this machine routes, or NULL.
 * Its lease has the ports; rules, [::1] and tidying up all go by it. */
const struct nk_net_card *nk_net_published_card(const struct nk_net_spec *net);

#endif
