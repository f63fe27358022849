// Drop reasons in plain words: what happened to the packet, and where to look. Names are the kernel's
// (include/net/dropreason-core.h, 6.x) and Cilium's (flow.DropReason).

export interface DropExplanation {
  readonly what: string;
  readonly look: string;
}

const policy: DropExplanation = {
  what: 'A network policy does not admit this connection.',
  look: 'Read the policies that select the destination (ingress) and the source (egress); add a rule for this peer and port if it should pass.',
};

const explanations: Readonly<Record<string, DropExplanation>> = {
  POLICY_DENIED: policy,
  POLICY_DENY: {
    what: 'A network policy denies this connection by an explicit deny rule.',
    look: 'Find the deny rule: it wins over every allow rule.',
  },
  AUTH_REQUIRED: {
    what: 'The policy wants both ends authenticated, and they are not yet.',
    look: 'Check the mutual authentication of both workloads; the first packets of a new pair may be dropped once.',
  },
  NETFILTER_DROP: {
    what: 'A firewall rule of this node (nftables or iptables) dropped the packet.',
    look: 'List the rules of the network namespace it happened in: nft list ruleset, and look for counters that grow. Policy engines that use netfilter write such rules.',
  },
  NO_SOCKET: {
    what: 'Nothing listens on that port.',
    look: 'Check that the process runs and binds the address and port that callers use.',
  },
  SOCKET_FILTER: {
    what: 'A filter attached to the socket rejected the packet.',
    look: 'Look at what the program attached (SO_ATTACH_FILTER, or a capture tool).',
  },
  SOCKET_RCVBUFF: {
    what: 'The receiving socket had no room: the program reads too slowly.',
    look: 'Look at the load of the receiver, and at net.core.rmem_max.',
  },
  PROTO_MEM: {
    what: 'The protocol used up the memory it may have on this node.',
    look: 'Look at net.ipv4.tcp_mem or udp_mem and at leaking sockets.',
  },
  SOCKET_BACKLOG: {
    what: "The socket's backlog was full while the program held the socket.",
    look: 'Look at the load of the receiver.',
  },
  TCP_OVERWINDOW: {
    what: 'The packet lay outside the window that the receiver offered.',
    look: 'Often old duplicates; if many, look for middleboxes that rewrite sequence numbers.',
  },
  TCP_OLD_DATA: {
    what: 'The packet repeats data that was already received.',
    look: 'Retransmissions: look for loss on the way of the acknowledgements.',
  },
  TCP_OLD_SEQUENCE: {
    what: 'The packet belongs to a part of the stream that is long past.',
    look: 'Retransmissions, or a connection that was reused too soon.',
  },
  TCP_INVALID_SEQUENCE: {
    what: 'The sequence number fits no open window.',
    look: 'Look for stale connection tracking or a peer that restarted.',
  },
  TCP_FLAGS: {
    what: 'The TCP flags of the packet make no sense in the state of its connection.',
    look: 'Often a late packet of a connection that was closed; if many, look for scanners or broken middleboxes.',
  },
  TCP_RFC7323_PAWS: {
    what: 'The TCP timestamp is older than one already seen: the packet counts as a stray of the past.',
    look: 'Look for address translation that mixes several senders, or clocks that jumped.',
  },
  TCP_RFC7323_PAWS_ACK: {
    what: 'An acknowledgement overtook others on its way, and its timestamp is older than theirs.',
    look: 'Harmless when rare; if many, look for paths that reorder packets.',
  },
  TCP_RFC7323_TW_PAWS: {
    what: 'A new connection came with a timestamp older than that of the one before it.',
    look: 'Look for address translation that mixes several senders.',
  },
  TCP_ACK_UNSENT_DATA: {
    what: 'The packet acknowledges data that was never sent.',
    look: 'Look for middleboxes that rewrite sequence numbers, or a peer that restarted.',
  },
  TCP_OLD_ACK: {
    what: 'The packet acknowledges what was acknowledged long ago.',
    look: 'Often old duplicates; if many, look for paths that delay or repeat packets.',
  },
  TCP_TOO_OLD_ACK: {
    what: 'The acknowledgement is older than any window that was ever open.',
    look: 'Look for strays of an earlier connection with the same ports.',
  },
  TCP_OFO_QUEUE_PRUNE: {
    what: 'Packets that came out of order filled the memory of the socket.',
    look: 'Look for loss on the path, and at net.ipv4.tcp_rmem.',
  },
  TCP_OFO_DROP: {
    what: 'A packet out of order repeats data that waits already.',
    look: 'Retransmissions: look for loss or reordering on the path.',
  },
  TCP_ZEROWINDOW: {
    what: 'The receiver had said that it has no room.',
    look: 'Look at the load of the receiver: its program reads too slowly.',
  },
  TCP_RESET: { what: 'The other end reset the connection.', look: "Look at the peer's log around this time." },
  TCP_CLOSE: {
    what: 'The connection was already closed when the packet came.',
    look: 'Usually harmless at the end of a connection.',
  },
  TCP_LISTEN_OVERFLOW: {
    what: 'The accept queue was full: connections arrive faster than they are accepted.',
    look: 'Raise the backlog (listen, net.core.somaxconn) or accept faster.',
  },
  TCP_CSUM: {
    what: 'The TCP checksum is wrong.',
    look: 'Look at checksum offload of virtual interfaces and at tunnels.',
  },
  UDP_CSUM: {
    what: 'The UDP checksum is wrong.',
    look: 'Look at checksum offload of virtual interfaces and at tunnels.',
  },
  IP_CSUM: { what: 'The IP header checksum is wrong.', look: 'Look at the last hop that changed the header.' },
  IP_RPFILTER: {
    what: 'The source address would not be routed back that way (reverse path filter).',
    look: 'Look at net.ipv4.conf.*.rp_filter and at asymmetric routes.',
  },
  IP_INNOROUTES: {
    what: 'This node has no route for the packet.',
    look: 'ip route get ADDRESS in the network namespace it happened in.',
  },
  IP_OUTNOROUTES: {
    what: 'There is no route to the destination.',
    look: 'ip route get ADDRESS in the network namespace it happened in.',
  },
  IP_INADDRERRORS: {
    what: 'The destination address is not valid here.',
    look: 'Look at the address and at the routes that led here.',
  },
  IP_INHDR: { what: 'The IP header is damaged.', look: 'Look at the sender and the tunnels between.' },
  NEIGH_FAILED: {
    what: 'The next hop did not answer ARP or neighbour discovery.',
    look: 'Is the address alive? ip neigh in the network namespace it happened in.',
  },
  NEIGH_QUEUEFULL: {
    what: 'Too many packets waited for the next hop to answer.',
    look: 'Is the address alive? ip neigh in the network namespace it happened in.',
  },
  NEIGH_DEAD: {
    what: 'The entry of the next hop was just removed.',
    look: 'Usually an interface that goes away with its pod.',
  },
  TC_INGRESS: {
    what: 'A traffic control program at the interface dropped the packet on its way in.',
    look: 'tc filter show dev IFACE ingress, and bpftool net: a CNI or policy program decides there.',
  },
  TC_EGRESS: {
    what: 'A traffic control program at the interface dropped the packet on its way out.',
    look: 'tc filter show dev IFACE egress, and bpftool net: a CNI or policy program decides there.',
  },
  XDP: {
    what: 'An XDP program dropped the packet before the stack saw it.',
    look: 'bpftool net list; look at the program at that interface.',
  },
  BPF_CGROUP_EGRESS: {
    what: "A BPF program of the sender's cgroup dropped the packet.",
    look: 'bpftool cgroup tree; look at what systemd or the runtime attached.',
  },
  QDISC_DROP: {
    what: 'The queue of the outgoing interface was full.',
    look: 'tc -s qdisc; the link or a rate limit is saturated.',
  },
  QDISC_EGRESS: {
    what: 'The queue of the outgoing interface rejected the packet.',
    look: 'tc -s qdisc; look for rate limits.',
  },
  FULL_RING: {
    what: 'The receive ring was full.',
    look: 'The receiver is too slow: look at its CPU, and at ring sizes (ethtool -g).',
  },
  CPU_BACKLOG: {
    what: "The node's input queue was full.",
    look: 'Look at softirq load and net.core.netdev_max_backlog.',
  },
  PKT_TOO_BIG: {
    what: 'The packet is larger than the way allows and may not be split.',
    look: 'Look at MTUs, tunnels first, and that ICMP is let through.',
  },
  UNHANDLED_PROTO: {
    what: 'Nothing here understands the protocol of the packet.',
    look: 'Usually stray frames of the local network.',
  },
  OTHERHOST: {
    what: 'The frame was for another machine.',
    look: 'Normal on shared links and with promiscuous interfaces.',
  },
  SERVICE_BACKEND_NOT_FOUND: {
    what: 'The service has no backend.',
    look: 'Are pods of the service ready? Look at its endpoints.',
  },
  STALE_OR_UNROUTABLE_IP: {
    what: 'The address belongs to nothing that is alive any more.',
    look: 'A client with an old address: look at DNS caching and at restarts around this time.',
  },
  UNSUPPORTED_L3_PROTOCOL: {
    what: 'The network program does not handle this protocol.',
    look: 'Often IPv6 where only IPv4 is set up.',
  },
  UNENCRYPTED_TRAFFIC: {
    what: 'Encryption is required, and the packet was not encrypted.',
    look: 'Look at the state of WireGuard or IPsec on both nodes.',
  },
  TTL_EXCEEDED: { what: 'The packet made too many hops.', look: 'Look for a routing loop.' },
  NOT_SPECIFIED: {
    what: 'The kernel gives no reason for this drop.',
    look: 'Look at the kernel function in the details.',
  },
};

const unknown: DropExplanation = {
  what: 'The packet was dropped for a reason this page has no words for.',
  look: "Look the name up in the kernel's dropreason-core.h, and at the kernel function in the details.",
};

/** Takes the kernel's names with or without their SKB_DROP_REASON_ prefix. */
export function explainDrop(reason: string): DropExplanation {
  return explanations[reason.replace(/^SKB_DROP_REASON_/, '').toUpperCase()] ?? unknown;
}
