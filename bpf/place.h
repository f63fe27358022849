/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Where a frame is seen: told by the program that is hooked there to the one that all go on in.
 */
#pragma once

enum place { VETH_IN, VETH_OUT, HOST_IN, HOST_OUT, LOOPBACK_OUT };

/* Of the five words that a frame has for the programs of its hook, the one where its place is handed on. */
#define PLACE_SLOT 4

/* Read anew each time: the frame is at hand in a register anyway, and one more value would push another out of its own. */
static __always_inline u32 place_of(struct __sk_buff *skb)
{
	return *(volatile u32 *)&skb->cb[PLACE_SLOT];
}
