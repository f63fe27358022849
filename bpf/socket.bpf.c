// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Follows TCP sockets through their states: who owns them, how connecting went, how healthy they were at close.
 * In: the inet_sock_set_state tracepoint (needs 5.12 for the cookie). Out: one record per listen, connect begun and
 * done, accept, close and failed connect.
 *
 * A connection is accepted in nobody's context, so its owner is at first who listens; who reads from it is its owner for
 * good: a worker that took the connection, or one that was forked for it, which accept() itself would not tell.
 *
 * Datagram sockets have no states. Who makes them is noted (owner.h), by hooks of the root cgroup.
 *
 * Sockets that were there before are found by walking the files of all tasks, once, in every network namespace at a
 * time: first who listens, then the connections, since one whose port is listened on was accepted.
 */
#include "kernel.h"
#include "record.h"
#include "ring.h"
#include "owner.h"

#define STATE_ESTABLISHED 1
#define STATE_SYN_SENT 2
#define STATE_SYN_RECEIVED 3
#define STATE_FIN_WAIT1 4
#define STATE_CLOSE 7
#define STATE_LAST_ACK 9
#define STATE_LISTEN 10
#define FAMILY_IPV4 2
#define FAMILY_IPV6 10

struct listener_key {
	u32 network_namespace;
	u32 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, struct owner);
} owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct listener_key);
	__type(value, struct owner);
} listeners SEC(".maps");

/* Accepted sockets that nobody has read from yet. With the socket, so that a read of any other costs one comparison. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u32);
} unsettled SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PX_SOCKET_COUNTS);
	__type(key, u32);
	__type(value, u64);
} socket_counters SEC(".maps");

/* The flow object's map of this name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct px_open_key);
	__type(value, u32);
} open_before SEC(".maps");

static __always_inline void count(u32 index)
{
	u64 *value = bpf_map_lookup_elem(&socket_counters, &index);

	if (value)
		*value += 1;
}

static __always_inline void map_ipv4(u8 *out, __be32 address)
{
	u32 *words = (u32 *)out;

	words[0] = words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = address;
}

static __always_inline void read_addresses(struct sock *sk, struct owner *owner)
{
	owner->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	owner->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == FAMILY_IPV4) {
		map_ipv4(owner->local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		map_ipv4(owner->remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else {
		BPF_CORE_READ_INTO(owner->local, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(owner->remote, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	}
}

static __always_inline u64 socket_cgroup(struct sock *sk)
{
	/* Before 5.15 the field was a number that could be a pointer. */
	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
		return BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	return 0;
}

static __always_inline void own(struct sock *sk, struct owner *owner)
{
	owner->started_ns = bpf_ktime_get_boot_ns();
	owner->is_settled = 1;
	owner->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(owner->command, sizeof(owner->command));
	owner->cgroup_id = socket_cgroup(sk);
}

#define NAME_BYTES 32
#define PATH_STEPS 12

/*
 * The program a task runs, from its file up to the root of its mounts: a process that is gone when its record is read has
 * no /proc. 1 if all of it had room.
 */
static __always_inline u8 read_executable(struct task_struct *task, char *out)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *mounted = BPF_CORE_READ(file, f_path.mnt);
	u32 at = 0;

	if (!file)
		return 0;
	for (int i = 0; i < PATH_STEPS; i++) {
		long bytes;

		if (dentry == BPF_CORE_READ(mounted, mnt_root)) {
			struct mount *mount = (void *)mounted - bpf_core_field_offset(struct mount, mnt);
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount)
				return 1;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mounted = (void *)above + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		BOUND(at);
		if (at > PX_PATH_BYTES - NAME_BYTES)
			return 0;
		bytes = bpf_probe_read_kernel_str(out + at, NAME_BYTES, BPF_CORE_READ(dentry, d_name.name));
		if (bytes <= 0)
			return 0;
		at += bytes;
		dentry = BPF_CORE_READ(dentry, d_parent);
	}
	return 0;
}

/* Where the owner is the current task, its program is told, too. */
static __always_inline void report(struct sock *sk, u64 cookie, const struct owner *owner, u8 event, u32 connect_us,
				   u32 is_current)
{
	struct px_socket_record *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	struct tcp_sock *tcp = (struct tcp_sock *)sk;

	if (!record) {
		count(PX_SOCKET_LOST);
		return;
	}
	count(PX_SOCKET_RECORDS);
	__builtin_memset(record, 0, sizeof(*record));
	record->header.time_ns = bpf_ktime_get_boot_ns();
	record->header.length = sizeof(*record);
	record->header.type = PX_TYPE_SOCKET;
	record->header.reason = event;
	record->header.cpu = bpf_get_smp_processor_id();
	__builtin_memcpy(record->local, owner->local, 16);
	__builtin_memcpy(record->remote, owner->remote, 16);
	record->local_port = owner->local_port;
	record->remote_port = owner->remote_port;
	record->network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	record->socket_cookie = cookie;
	record->cgroup_id = owner->cgroup_id;
	record->pid = owner->pid;
	__builtin_memcpy(record->command, owner->command, 16);
	record->family = BPF_CORE_READ(sk, __sk_common.skc_family) == FAMILY_IPV4 ? 4 : 6;
	record->connect_us = connect_us;
	if (event != PX_SOCKET_LISTENING) {
		record->smoothed_rtt_us = BPF_CORE_READ(tcp, srtt_us) >> 3;
		record->minimum_rtt_us = BPF_CORE_READ(tcp, rtt_min.s[0].v);
		record->retransmits = BPF_CORE_READ(tcp, total_retrans);
	}
	if (event == PX_SOCKET_CONNECT_FAILED)
		record->error = BPF_CORE_READ(sk, sk_err);
	if (is_current)
		record->is_whole_path =
			read_executable((struct task_struct *)bpf_get_current_task(), record->executable);
	bpf_ringbuf_submit(record, wake_flags());
}

/* Softirq of whoever was running: the owner is the one who listens, not the current process. */
static __always_inline void accepted(struct sock *sk, u64 cookie)
{
	struct listener_key key = { .network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum),
				    .port = BPF_CORE_READ(sk, __sk_common.skc_num) };
	struct owner owner = {}, *listener = bpf_map_lookup_elem(&listeners, &key);

	if (listener)
		owner = *listener;
	owner.started_ns = 0;
	owner.is_settled = 0;
	owner.cgroup_id = socket_cgroup(sk);
	read_addresses(sk, &owner);
	bpf_map_update_elem(&owners, &cookie, &owner, BPF_ANY);
	bpf_sk_storage_get(&unsettled, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	report(sk, cookie, &owner, PX_SOCKET_ACCEPTED, 0, 0);
}

static __always_inline void left_syn_sent(struct sock *sk, u64 cookie, int state)
{
	struct owner *owner = bpf_map_lookup_elem(&owners, &cookie);
	u32 connect_us;

	if (!owner)
		return;
	connect_us = (bpf_ktime_get_boot_ns() - owner->started_ns) / 1000;
	if (state == STATE_ESTABLISHED) {
		read_addresses(sk, owner);
		report(sk, cookie, owner, PX_SOCKET_CONNECTED, connect_us, 0);
	} else if (state == STATE_CLOSE) {
		if (!owner->remote_port)
			read_addresses(sk, owner);
		report(sk, cookie, owner, PX_SOCKET_CONNECT_FAILED, connect_us, 0);
		bpf_map_delete_elem(&owners, &cookie);
	}
}

static __always_inline void listening(struct sock *sk, u64 cookie)
{
	struct listener_key key = { .network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum),
				    .port = BPF_CORE_READ(sk, __sk_common.skc_num) };
	struct owner owner = {};

	own(sk, &owner);
	read_addresses(sk, &owner);
	bpf_map_update_elem(&listeners, &key, &owner, BPF_ANY);
	report(sk, cookie, &owner, PX_SOCKET_LISTENING, 0, 1);
}

/* The current task handles an accepted connection: it owns it from now on. 0 if that is nobody's task. */
static __always_inline u32 settle(struct sock *sk, u64 cookie, struct owner *owner)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	u32 pid = bpf_get_current_pid_tgid() >> 32;

	/* Threads of the kernel read for somebody else. */
	if (!BPF_CORE_READ(task, mm))
		return 0;
	owner->is_settled = 1;
	if (pid == owner->pid)
		return 1;
	owner->pid = pid;
	bpf_get_current_comm(owner->command, sizeof(owner->command));
	report(sk, cookie, owner, PX_SOCKET_ACCEPTED, 0, 1);
	return 1;
}

/* Each time a task has read from a TCP socket. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(on_read, struct sock *sk)
{
	struct owner *owner;
	u64 cookie;

	if (!sk->sk_bpf_storage || !bpf_sk_storage_get(&unsettled, sk, 0, 0))
		return 0;
	cookie = bpf_get_socket_cookie(sk);
	owner = bpf_map_lookup_elem(&owners, &cookie);
	if (owner && settle(sk, cookie, owner))
		bpf_sk_storage_delete(&unsettled, sk);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock *sk, int old_state, int state)
{
	struct owner owner = {}, *known;
	u64 cookie;

	if (BPF_CORE_READ(sk, sk_protocol) != PROTO_TCP)
		return 0;
	cookie = bpf_get_socket_cookie(sk);
	if (state == STATE_LISTEN) {
		listening(sk, cookie);
	} else if (old_state == STATE_CLOSE && state == STATE_SYN_SENT) {
		own(sk, &owner);
		bpf_map_update_elem(&owners, &cookie, &owner, BPF_ANY);
		/* Before the SYN leaves, so that its flow can be named; ports and health come later. */
		report(sk, cookie, &owner, PX_SOCKET_CONNECTING, 0, 1);
	} else if (old_state == STATE_SYN_SENT) {
		left_syn_sent(sk, cookie, state);
	} else if (old_state == STATE_SYN_RECEIVED && state == STATE_ESTABLISHED) {
		accepted(sk, cookie);
	} else if (state == STATE_FIN_WAIT1 || state == STATE_LAST_ACK) {
		/* Closed by its owner, in the owner's context; it may never have read. */
		known = bpf_map_lookup_elem(&owners, &cookie);
		if (known && !known->is_settled)
			settle(sk, cookie, known);
	} else if (state == STATE_CLOSE && old_state != STATE_LISTEN) {
		known = bpf_map_lookup_elem(&owners, &cookie);
		if (known) {
			report(sk, cookie, known, PX_SOCKET_CLOSED, 0, 0);
			bpf_map_delete_elem(&owners, &cookie);
		}
	}
	return 0;
}

#define SOCKET_DATAGRAM 2

/* A new socket in the context of who makes it. Always lets it be. */
SEC("cgroup/sock_create")
int on_create(struct bpf_sock *socket)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	u64 cookie = bpf_get_socket_cookie(socket);
	struct datagram_owner made = {};
	struct owner *owner = &made.owner;

	if (socket->type != SOCKET_DATAGRAM || socket->protocol != PROTO_UDP)
		return 1;
	owner->pid = BPF_CORE_READ(task, tgid);
	BPF_CORE_READ_STR_INTO(&owner->command, task, comm);
	owner->network_namespace = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
	made.is_whole_path = read_executable(task, made.executable);
	bpf_map_update_elem(&datagram_owners, &cookie, &made, BPF_ANY);
	return 1;
}

SEC("cgroup/sock_release")
int on_release(struct bpf_sock *socket)
{
	u64 cookie = bpf_get_socket_cookie(socket);
	struct datagram_owner *known = bpf_map_lookup_elem(&datagram_owners, &cookie);
	struct owner *owner = &known->owner;
	struct px_socket_record *record;

	if (!known)
		return 1;
	/* What was never told of need not be told to be gone. */
	record = owner->is_settled ? bpf_ringbuf_reserve(&records, sizeof(*record), 0) : 0;
	if (record) {
		count(PX_SOCKET_RECORDS);
		__builtin_memset(record, 0, sizeof(*record));
		record->header.time_ns = bpf_ktime_get_boot_ns();
		record->header.length = sizeof(*record);
		record->header.type = PX_TYPE_SOCKET;
		record->header.reason = PX_SOCKET_CLOSED;
		record->header.cpu = bpf_get_smp_processor_id();
		record->socket_cookie = cookie;
		record->network_namespace = owner->network_namespace;
		record->pid = owner->pid;
		__builtin_memcpy(record->command, owner->command, 16);
		record->family = 4;
		bpf_ringbuf_submit(record, wake_flags());
	} else if (owner->is_settled) {
		count(PX_SOCKET_LOST);
	}
	bpf_map_delete_elem(&datagram_owners, &cookie);
	return 1;
}

#include "seed.h"

char _license[] SEC("license") = "Dual BSD/GPL";
