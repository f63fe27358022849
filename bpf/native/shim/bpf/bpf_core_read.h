/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* -DSHIM_OLD_KERNEL builds what runs where the kernel lacks bpf_loop and the time on frames. */
#pragma once
#ifdef SHIM_OLD_KERNEL
#define bpf_core_enum_value_exists(type, value) 0
#define bpf_core_field_exists(field) 0
#else
#define bpf_core_enum_value_exists(type, value) 1
#define bpf_core_field_exists(field) 1
#endif
