// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What processes hand to OpenSSL and get from it, before it is encrypted and after it is decrypted. Loaded only where
 * somebody asked for it; every program looks first whether the process at hand is one of those that are watched.
 *
 * In: entry and return of SSL_read, SSL_write, their _ex forms and SSL_do_handshake; entry of SSL_free; each read of a
 * TCP socket by a thread that calls the library. Out: the beginning of what each call handed over.
 *
 * Whose connection it is: the library reads from its socket within a call, then that socket is it. Node reads by itself
 * and hands the bytes over before it does anything else, so there it is the socket that the thread read last.
 */
#include "kernel.h"
#include "tls-record.h"
#include "ring.h"

#define FAMILY_IPV4 2
#define OPERATION_READ 1
#define OPERATION_READ_EX 2
#define OPERATION_WRITE 3
#define OPERATION_WRITE_EX 4
#define OPERATION_HANDSHAKE 5
#define PREFACE_BYTES 16

/* Registers of user space, as each architecture names them: the one that the running kernel has is read. */
struct pt_regs___x86 {
	unsigned long di, si, cx, ax;
} __attribute__((preserve_access_index));
struct pt_regs___arm64 {
	u64 regs[31];
} __attribute__((preserve_access_index));

/* Processes that are watched, by pid: PX_TLS_* bits. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u32);
} watched SEC(".maps");

/* A thread that calls the library: the call it is in, and the socket it read from last. */
struct thread {
	u64 connection, buffer, length_pointer, began_ns;
	u32 operation; /* 0: in no call */
	u32 is_inside; /* the library read from `socket` in this call */
	struct px_tls_socket socket;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, struct thread);
} threads SEC(".maps");

struct session_key {
	u64 connection;
	u32 pid, reserved;
};

struct session {
	u32 offset[2]; /* read, written */
	u32 is_http2;
	u32 reserved;
	struct px_tls_socket socket;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct session_key);
	__type(value, struct session);
} sessions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PX_TLS_COUNTS);
	__type(key, u32);
	__type(value, u64);
} tls_counters SEC(".maps");

/* Too large for the stack. In a section of their own: user space finds the settings at the start of the usual one. */
static const struct thread no_thread SEC(".rodata.empty");
static const struct session no_session SEC(".rodata.empty");

static __always_inline void count(u32 index)
{
	u64 *value = bpf_map_lookup_elem(&tls_counters, &index);

	if (value)
		*value += 1;
}

static __always_inline u64 argument(struct pt_regs *context, u32 index)
{
	struct pt_regs___x86 *x86 = (void *)context;
	struct pt_regs___arm64 *arm64 = (void *)context;

	if (bpf_core_field_exists(x86->di)) {
		if (index == 0)
			return BPF_CORE_READ(x86, di);
		return index == 1 ? BPF_CORE_READ(x86, si) : BPF_CORE_READ(x86, cx);
	}
	if (index == 0)
		return BPF_CORE_READ(arm64, regs[0]);
	return index == 1 ? BPF_CORE_READ(arm64, regs[1]) : BPF_CORE_READ(arm64, regs[3]);
}

static __always_inline int result(struct pt_regs *context)
{
	struct pt_regs___x86 *x86 = (void *)context;
	struct pt_regs___arm64 *arm64 = (void *)context;

	return bpf_core_field_exists(x86->di) ? (int)BPF_CORE_READ(x86, ax) : (int)BPF_CORE_READ(arm64, regs[0]);
}

static __always_inline u32 marks_of(u64 id)
{
	u32 pid = id >> 32, *marks = bpf_map_lookup_elem(&watched, &pid);

	return marks ? *marks : 0;
}

static __always_inline struct thread *thread_of(u64 id)
{
	struct thread *thread = bpf_map_lookup_elem(&threads, &id);

	if (thread)
		return thread;
	bpf_map_update_elem(&threads, &id, &no_thread, BPF_NOEXIST);
	return bpf_map_lookup_elem(&threads, &id);
}

static __always_inline int begin(struct pt_regs *context, u32 operation)
{
	u64 id = bpf_get_current_pid_tgid();
	struct thread *thread;

	if (!marks_of(id))
		return 0;
	thread = thread_of(id);
	if (!thread)
		return 0;
	thread->connection = argument(context, 0);
	thread->buffer = argument(context, 1);
	if (operation == OPERATION_READ_EX || operation == OPERATION_WRITE_EX)
		thread->length_pointer = argument(context, 3);
	thread->began_ns = bpf_ktime_get_boot_ns();
	thread->is_inside = 0;
	thread->operation = operation;
	return 0;
}

SEC("uprobe")
int on_read(struct pt_regs *context)
{
	return begin(context, OPERATION_READ);
}

SEC("uprobe")
int on_read_ex(struct pt_regs *context)
{
	return begin(context, OPERATION_READ_EX);
}

SEC("uprobe")
int on_write(struct pt_regs *context)
{
	return begin(context, OPERATION_WRITE);
}

SEC("uprobe")
int on_write_ex(struct pt_regs *context)
{
	return begin(context, OPERATION_WRITE_EX);
}

SEC("uprobe")
int on_handshake(struct pt_regs *context)
{
	return begin(context, OPERATION_HANDSHAKE);
}

static __always_inline void map_ipv4(u8 *out, __be32 address)
{
	u32 *words = (u32 *)out;

	words[0] = words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = address;
}

/* Each time a task has read from a TCP socket. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(on_receive, struct sock *sk)
{
	u64 id = bpf_get_current_pid_tgid(), cookie;
	struct thread *thread = bpf_map_lookup_elem(&threads, &id);
	struct px_tls_socket *socket;

	if (!thread)
		return 0;
	socket = &thread->socket;
	thread->is_inside = thread->operation != 0;
	cookie = bpf_get_socket_cookie(sk);
	if (cookie == socket->cookie)
		return 0;
	socket->cookie = cookie;
	socket->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	socket->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	socket->network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == FAMILY_IPV4) {
		socket->family = 4;
		map_ipv4(socket->local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		map_ipv4(socket->remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else {
		socket->family = 6;
		BPF_CORE_READ_INTO(socket->local, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(socket->remote, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	}
	return 0;
}

/* What a call handed over, and whose it is. */
struct handed {
	struct session *session;
	u64 connection, buffer, time_ns;
	u32 bytes, is_written;
};

/* Returns whether there was room, and the bytes could be read. The size of a reservation must be a constant, hence `room`. */
static __always_inline u32 put(const struct handed *handed, u32 offset, u32 captured, u32 length, const u32 room)
{
	struct px_tls_record *record = bpf_ringbuf_reserve(&records, sizeof(*record) + room, 0);
	u64 id = bpf_get_current_pid_tgid();

	if (!record) {
		count(PX_TLS_COUNT_LOST);
		return 0;
	}
	BOUND(captured);
	if (captured > room || bpf_probe_read_user(record + 1, captured, (void *)(handed->buffer + offset))) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		count(PX_TLS_COUNT_UNREADABLE);
		return 0;
	}
	count(PX_TLS_COUNT_RECORDS);
	record->header.time_ns = handed->time_ns;
	record->header.length = sizeof(*record) + captured;
	record->header.type = PX_TYPE_TLS;
	record->header.reason = handed->is_written ? PX_TLS_WRITTEN : PX_TLS_READ;
	record->header.cpu = bpf_get_smp_processor_id();
	record->connection = handed->connection;
	record->socket = handed->session->socket;
	record->pid = id >> 32;
	record->thread = id;
	record->offset = handed->session->offset[handed->is_written & 1] + offset;
	record->length = length;
	record->captured = captured;
	record->reserved = 0;
	bpf_ringbuf_submit(record, wake_flags());
	return 1;
}

static __always_inline void put_all(const struct handed *handed)
{
	u32 pieces = handed->session->is_http2 ? PX_TLS_HTTP2_PIECES : PX_TLS_PIECES, offset = 0;

	if (handed->bytes > pieces * PX_TLS_BYTES)
		count(PX_TLS_COUNT_TRUNCATED);
	for (u32 i = 0; i < PX_TLS_HTTP2_PIECES; i++) {
		u32 left = handed->bytes - offset, captured = left < PX_TLS_BYTES ? left : PX_TLS_BYTES;
		u32 is_last = i + 1 == pieces || left == captured;

		/* The last piece stands for what is not copied, too. */
		if (captured <= PX_TLS_SMALL_BYTES ? !put(handed, offset, captured, captured, PX_TLS_SMALL_BYTES) :
						     !put(handed, offset, captured, is_last ? left : captured, PX_TLS_BYTES))
			return;
		if (is_last)
			return;
		offset += captured;
	}
}

/* HTTP/2 begins with "PRI * HTTP/2.0". */
static __always_inline u32 begins_http2(u64 buffer)
{
	u64 bytes[2];

	return !bpf_probe_read_user(bytes, PREFACE_BYTES, (void *)buffer) && bytes[0] == 0x5448202a20495250ull &&
	       (bytes[1] & 0xffffffffffffull) == 0x302e322f5054ull;
}

static __always_inline u32 bytes_of(const struct thread *thread, int code)
{
	u64 bytes = 0;

	if (code <= 0 || thread->operation == OPERATION_HANDSHAKE)
		return 0;
	if (thread->operation == OPERATION_READ || thread->operation == OPERATION_WRITE)
		return code;
	/* The _ex forms return 1, and the number through a pointer. */
	bpf_probe_read_user(&bytes, sizeof(bytes), (void *)thread->length_pointer);
	return bytes < 0x7fffffff ? bytes : 0;
}

static __always_inline void note_join(struct session *session, const struct thread *thread, u32 marks, u32 has_read)
{
	u8 join = thread->is_inside ? PX_TLS_JOIN_INSIDE : PX_TLS_JOIN_BEFORE;

	if (!thread->is_inside &&
	    (!has_read || !(marks & PX_TLS_READS_BEFORE) || session->socket.join == PX_TLS_JOIN_INSIDE))
		return;
	if (!thread->socket.cookie)
		return;
	session->socket = thread->socket;
	session->socket.join = join;
}

SEC("uretprobe")
int on_return(struct pt_regs *context)
{
	u64 id = bpf_get_current_pid_tgid();
	u32 marks = marks_of(id);
	struct thread *thread;
	struct session_key key = { .pid = id >> 32 };
	struct handed handed = {};

	if (!marks)
		return 0;
	thread = bpf_map_lookup_elem(&threads, &id);
	if (!thread || !thread->operation) {
		count(PX_TLS_COUNT_UNMATCHED);
		return 0;
	}
	handed.bytes = bytes_of(thread, result(context));
	handed.is_written = thread->operation == OPERATION_WRITE || thread->operation == OPERATION_WRITE_EX;
	handed.connection = key.connection = thread->connection;
	handed.buffer = thread->buffer;
	handed.time_ns = handed.is_written ? thread->began_ns : bpf_ktime_get_boot_ns();
	thread->operation = 0;
	if (!handed.bytes && !thread->is_inside)
		return 0;
	handed.session = bpf_map_lookup_elem(&sessions, &key);
	if (!handed.session) {
		bpf_map_update_elem(&sessions, &key, &no_session, BPF_NOEXIST);
		handed.session = bpf_map_lookup_elem(&sessions, &key);
		if (!handed.session)
			return 0;
	}
	note_join(handed.session, thread, marks, handed.bytes && !handed.is_written);
	if (!handed.bytes)
		return 0;
	count(PX_TLS_COUNT_CALLS);
	if (!handed.session->offset[0] && !handed.session->offset[1] && begins_http2(handed.buffer))
		handed.session->is_http2 = 1;
	put_all(&handed);
	handed.session->offset[handed.is_written & 1] += handed.bytes;
	return 0;
}

SEC("uprobe")
int on_free(struct pt_regs *context)
{
	u64 id = bpf_get_current_pid_tgid();
	struct session_key key = { .pid = id >> 32, .connection = argument(context, 0) };
	struct px_tls_record *record;

	if (!marks_of(id) || !bpf_map_lookup_elem(&sessions, &key))
		return 0;
	bpf_map_delete_elem(&sessions, &key);
	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		count(PX_TLS_COUNT_LOST);
		return 0;
	}
	count(PX_TLS_COUNT_RECORDS);
	__builtin_memset(record, 0, sizeof(*record));
	record->header.time_ns = bpf_ktime_get_boot_ns();
	record->header.length = sizeof(*record);
	record->header.type = PX_TYPE_TLS;
	record->header.reason = PX_TLS_FREED;
	record->header.cpu = bpf_get_smp_processor_id();
	record->connection = key.connection;
	record->pid = key.pid;
	record->thread = id;
	bpf_ringbuf_submit(record, wake_flags());
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
