/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The seam of tls.bpf.c, as record.h is of the others: what a process handed to its TLS library or got from it, in
 * pieces. Fixed-size little-endian structs without padding, mirrored by exporter/kernel/layout.ts.
 */
#pragma once
#include "record.h"

#define PX_TYPE_TLS 5

/* header.reason */
#define PX_TLS_READ 1
#define PX_TLS_WRITTEN 2
#define PX_TLS_FREED 3 /* the library's connection is gone, no data */

/* px_tls_socket.join: why this socket is thought to be the connection's */
#define PX_TLS_JOIN_NONE 0   /* not known: all else is zero */
#define PX_TLS_JOIN_INSIDE 1 /* the library itself read from it, within the call */
#define PX_TLS_JOIN_BEFORE 2 /* the thread read from it last before the library gave out data (Node) */

/* Bytes of one piece, and pieces of one call: its first 4 KiB, of HTTP/2 its first 16, the most a TLS record holds. */
#define PX_TLS_BYTES 2048
#define PX_TLS_SMALL_BYTES 512
#define PX_TLS_PIECES 2
#define PX_TLS_HTTP2_PIECES 8

/* Value of the map of processes that are watched, bits */
#define PX_TLS_WATCHED 1
#define PX_TLS_READS_BEFORE 2 /* reads from sockets itself, and hands the bytes to the library on the same thread */

/* Indexes of the TLS object's counters */
#define PX_TLS_COUNT_CALLS 0      /* that handed data over */
#define PX_TLS_COUNT_RECORDS 1
#define PX_TLS_COUNT_LOST 2       /* no room in the ring */
#define PX_TLS_COUNT_TRUNCATED 3  /* calls of which not all was copied */
#define PX_TLS_COUNT_UNREADABLE 4 /* the process's memory could not be read */
#define PX_TLS_COUNT_UNMATCHED 5  /* returns of calls whose beginning was not seen */
#define PX_TLS_COUNTS 6

struct px_tls_socket {
	__u64 cookie;
	__u8 local[16], remote[16];
	__u16 local_port, remote_port;
	__u32 network_namespace;
	__u8 family, join;
	__u8 reserved[6];
};

struct px_tls_record {
	struct px_header header; /* time: a read's end, a write's beginning */
	__u64 connection;        /* the library's, an address in the process */
	struct px_tls_socket socket;
	__u32 pid, thread;
	__u32 offset; /* bytes of this direction before these, modulo 2^32 */
	__u32 length; /* bytes handed over that this piece stands for; the first of them follow */
	__u32 captured;
	__u32 reserved;
};
