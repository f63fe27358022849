/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets that were there before capture began: walks over the files of all tasks, run once in every network namespace.
 * In: a task and one of its files. Out: what socket.bpf.c would have noted and told, had it been there. For that file alone.
 */
#pragma once

/* The socket of a protocol behind a file, or null. */
static __always_inline struct sock *socket_of(struct file *file, u16 protocol)
{
	struct socket *socket;
	struct sock *sk;
	u16 family;

	if (!file)
		return 0;
	socket = bpf_sock_from_file(file);
	sk = socket ? socket->sk : 0;
	if (!sk)
		return 0;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if ((family != FAMILY_IPV4 && family != FAMILY_IPV6) ||
	    BPF_CORE_READ(sk, sk_protocol) != protocol)
		return 0;
	return sk;
}

static __always_inline void own_as_task(struct task_struct *task, struct sock *sk, struct owner *owner)
{
	owner->is_settled = 1;
	owner->pid = BPF_CORE_READ(task, tgid);
	BPF_CORE_READ_STR_INTO(&owner->command, task, comm);
	owner->cgroup_id = socket_cgroup(sk);
	read_addresses(sk, owner);
}

SEC("iter/task_file")
int seed_listeners(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct sock *sk = socket_of(context->file, PROTO_TCP);
	struct listener_key key = {};
	struct owner owner = {};

	if (!task || !sk || BPF_CORE_READ(sk, __sk_common.skc_state) != STATE_LISTEN)
		return 0;
	key.network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	key.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	own_as_task(task, sk, &owner);
	/* A server's workers have its socket, too: the first in order of pid is the one that opened it, as a rule. */
	if (!bpf_map_update_elem(&listeners, &key, &owner, BPF_NOEXIST))
		report(sk, bpf_get_socket_cookie(sk), &owner, PX_SOCKET_LISTENING, 0, 0);
	return 0;
}

SEC("iter/task_file")
int seed_connections(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct sock *sk = socket_of(context->file, PROTO_TCP);
	struct listener_key listener = {};
	struct px_open_key key = {};
	struct owner owner = {};
	u32 role, state;
	u64 cookie;

	if (!task || !sk)
		return 0;
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (state == STATE_LISTEN || state == STATE_CLOSE || state == STATE_SYN_SENT)
		return 0;
	listener.network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	listener.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	role = bpf_map_lookup_elem(&listeners, &listener) ? PX_OPEN_ACCEPTED : PX_OPEN_CONNECTED;
	own_as_task(task, sk, &owner);
	cookie = bpf_get_socket_cookie(sk);
	if (bpf_map_update_elem(&owners, &cookie, &owner, BPF_NOEXIST))
		return 0;
	__builtin_memcpy(key.local, owner.local, 16);
	__builtin_memcpy(key.remote, owner.remote, 16);
	key.local_port = bpf_htons(owner.local_port);
	key.remote_port = bpf_htons(owner.remote_port);
	bpf_map_update_elem(&open_before, &key, &role, BPF_ANY);
	report(sk, cookie, &owner, role == PX_OPEN_ACCEPTED ? PX_SOCKET_ACCEPTED : PX_SOCKET_CONNECTED, 0, 0);
	return 0;
}

SEC("iter/task_file")
int seed_datagrams(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct sock *sk = socket_of(context->file, PROTO_UDP);
	struct datagram_owner made = {};
	u64 cookie;

	if (!task || !sk)
		return 0;
	own_as_task(task, sk, &made.owner);
	made.owner.is_settled = 0;
	made.owner.network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	cookie = bpf_get_socket_cookie(sk);
	bpf_map_update_elem(&datagram_owners, &cookie, &made, BPF_NOEXIST);
	return 0;
}
