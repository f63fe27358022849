/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Byte orders on a little-endian machine, as constants where the argument is one. */
#pragma once
#define bpf_htons(x) ((__u16)__builtin_bswap16(x))
#define bpf_ntohs(x) ((__u16)__builtin_bswap16(x))
#define bpf_htonl(x) ((__u32)__builtin_bswap32(x))
#define bpf_ntohl(x) ((__u32)__builtin_bswap32(x))
