/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The few kernel types the programs read, by hand: names and nesting match the kernel's, order and size need not,
 * since CO-RE relocates every access when the object is loaded. Wire formats are below, not relocated.
 */
#pragma once
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define ETH_IPV4 bpf_htons(0x0800)
#define ETH_IPV6 bpf_htons(0x86dd)
#define ETH_VLAN bpf_htons(0x8100)
#define ETH_QINQ bpf_htons(0x88a8)
#define ETH_HEADER 14
#define PROTO_ICMP 1
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_ICMP6 58
#define PROTO_SCTP 132
#define EEXIST 17
#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_ACK 16

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ns_common {
	unsigned int inum;
};
struct net {
	struct ns_common ns;
};
typedef struct {
	struct net *net;
} possible_net_t;
struct nsproxy {
	struct net *net_ns;
};
typedef struct {
	long long counter;
} atomic64_t;
struct net_device {
	int ifindex;
	possible_net_t nd_net;
	char name[16];
};
struct in6_addr {
	union {
		u8 u6_addr8[16];
	} in6_u;
};
struct kernfs_node {
	u64 id;
};
struct cgroup {
	struct kernfs_node *kn;
};
struct sock_cgroup_data {
	struct cgroup *cgroup;
};
struct sock_common {
	__be32 skc_daddr, skc_rcv_saddr;
	__be16 skc_dport;
	u16 skc_num;
	unsigned short skc_family;
	unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};
struct bpf_local_storage;
struct sock {
	struct sock_common __sk_common;
	struct bpf_local_storage *sk_bpf_storage;
	u16 sk_protocol;
	int sk_err;
	struct sock_cgroup_data sk_cgrp_data;
};
struct minmax_sample {
	u32 t, v;
};
struct minmax {
	struct minmax_sample s[3];
};
struct tcp_sock {
	u32 srtt_us, total_retrans;
	struct minmax rtt_min;
};
struct qstr {
	const unsigned char *name;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct path f_path;
};
struct mm_struct {
	struct file *exe_file;
};
struct task_struct {
	int tgid;
	char comm[16];
	struct nsproxy *nsproxy;
	struct mm_struct *mm;
};
struct socket {
	struct sock *sk;
};
struct bpf_iter__task_file {
	struct task_struct *task;
	struct file *file;
};
struct sk_buff {
	struct sock *sk;
	struct net_device *dev;
	int skb_iif;
	unsigned int len;
	u16 network_header;
	unsigned char *head;
};
/* What the programs are given, for asking whether this kernel has the field. */
struct __sk_buff___with_time {
	u8 tstamp_type;
};
#pragma clang attribute pop

struct ipv4_header {
	u8 version_length, tos;
	__be16 length, id, fragment;
	u8 ttl, protocol;
	__be16 checksum;
	__be32 source, destination;
};
struct ipv6_header {
	__be32 version_class_label;
	__be16 payload_length;
	u8 next_header, hop_limit, source[16], destination[16];
};
struct tcp_header {
	__be16 source, destination;
	__be32 sequence, acknowledgement;
	u8 data_offset, flags;
	__be16 window, checksum, urgent;
};

/* Hides a value's origin from the compiler, so that the bound tested next stays in the code the verifier reads. */
#define BOUND(x) asm volatile("" : "+r"(x))

/*
 * Makes the verifier forget what it has found out of a value, so that it does not walk all that follows once for each way
 * the value came about. `noise` is anything it does not know.
 */
#define FORGET(x, noise)                                                                                               \
	do {                                                                                                           \
		(x) ^= (noise);                                                                                        \
		BOUND(x);                                                                                              \
		(x) ^= (noise);                                                                                        \
		BOUND(x);                                                                                              \
	} while (0)

/*
 * A function that the verifier checks once, on its own, whatever calls it: callers are not walked through it again for
 * each of their states. Pointers may be null to it, and it knows nothing of what they point to. Needs 5.13.
 */
#define CHECKED_ONCE __attribute__((noinline))
