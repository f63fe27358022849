/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who owns a socket. Datagram sockets are noted when they are made and told when first seen sending: most that are made
 * (name look-ups, probes) are gone before anybody asks, and what never sends has no flow to name.
 */
#pragma once

/* What is known of a socket from an event in its owner's own context, and its ports: at CLOSE they are gone. */
struct owner {
	u64 started_ns, cgroup_id;
	u32 pid, network_namespace;
	u16 local_port, remote_port;
	u8 is_settled; /* accepted: its owner is who reads from it, no longer who listens. Datagrams: it was told */
	u8 reserved[3];
	u8 local[16], remote[16];
	char command[16];
};

struct datagram_owner {
	struct owner owner;
	u32 is_whole_path, reserved;
	char executable[PX_PATH_BYTES];
};

/* By cookie. The flow object's map, shared with the socket object. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct datagram_owner);
} datagram_owners SEC(".maps");
