/*
 * Prints the record layouts as the C compiler sees them, and one filled record of each type as hex: the contract
 * exporter/kernel/ is tested against. Built and run by golden.test.ts; its output is golden/records.json.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "../record.h"
#include "../tls-record.h"

#define FIELD(type, field) printf("%s\n      \"" #field "\": %zu", first++ ? "," : "", offsetof(struct type, field))
#define BEGIN(type)                                                                                                    \
	{                                                                                                              \
		int first = 0;                                                                                         \
		printf("    \"" #type "\": {\n      \"sizeof\": %zu,", sizeof(struct type));
#define END(last)                                                                                                      \
	printf("\n    }%s\n", last ? "" : ",");                                                                        \
	}

static void print_hex(const char *name, const void *bytes, size_t length, int last)
{
	printf("    \"%s\": \"", name);
	for (size_t i = 0; i < length; i++)
		printf("%02x", ((const unsigned char *)bytes)[i]);
	printf("\"%s\n", last ? "" : ",");
}

static void ipv4(__u8 *out, int last)
{
	const __u8 mapped[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, last };

	memcpy(out, mapped, 16);
}

static void ipv6(__u8 *out, int last)
{
	const __u8 address[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last };

	memcpy(out, address, 16);
}

static struct px_header header(size_t length, int type, int reason)
{
	return (struct px_header){ .time_ns = 123456789012345ULL, .length = length, .type = type, .reason = reason, .cpu = 3 };
}

static void print_layouts(void)
{
	BEGIN(px_settings) FIELD(px_settings, tick_jiffies); FIELD(px_settings, repeat_ns); FIELD(px_settings, ignored_reasons);
	FIELD(px_settings, ring_bytes); FIELD(px_settings, l7_enabled); FIELD(px_settings, l7_bytes);
	FIELD(px_settings, include_noise); FIELD(px_settings, drops_per_second); FIELD(px_settings, own_ports); END(0)
	BEGIN(px_header) FIELD(px_header, time_ns); FIELD(px_header, length); FIELD(px_header, type);
	FIELD(px_header, reason); FIELD(px_header, cpu); END(0)
	BEGIN(px_side) FIELD(px_side, bytes); FIELD(px_side, packets); FIELD(px_side, socket_cookie);
	FIELD(px_side, cgroup_id); FIELD(px_side, tcp_flags); END(0)
	BEGIN(px_key4) FIELD(px_key4, address); FIELD(px_key4, port); FIELD(px_key4, place); END(0)
	BEGIN(px_key6) FIELD(px_key6, address); FIELD(px_key6, port); FIELD(px_key6, place); END(0)
	BEGIN(px_connection) FIELD(px_connection, opened_ns); FIELD(px_connection, last_jiffies);
	FIELD(px_connection, reported_jiffies); FIELD(px_connection, side); FIELD(px_connection, initiator);
	FIELD(px_connection, local); FIELD(px_connection, marks); FIELD(px_connection, icmp_type);
	FIELD(px_connection, icmp_code); END(0)
	BEGIN(px_connection_record) FIELD(px_connection_record, address); FIELD(px_connection_record, port);
	FIELD(px_connection_record, interface_index); FIELD(px_connection_record, opened_ns);
	FIELD(px_connection_record, side); FIELD(px_connection_record, protocol); FIELD(px_connection_record, family);
	FIELD(px_connection_record, initiator); FIELD(px_connection_record, local); FIELD(px_connection_record, marks);
	FIELD(px_connection_record, sender); FIELD(px_connection_record, packet_flags);
	FIELD(px_connection_record, icmp_type); FIELD(px_connection_record, icmp_code); END(0)
	BEGIN(px_l7_record) FIELD(px_l7_record, source); FIELD(px_l7_record, destination);
	FIELD(px_l7_record, source_port); FIELD(px_l7_record, destination_port); FIELD(px_l7_record, interface_index);
	FIELD(px_l7_record, socket_cookie); FIELD(px_l7_record, cgroup_id); FIELD(px_l7_record, sequence);
	FIELD(px_l7_record, payload_length); FIELD(px_l7_record, captured); FIELD(px_l7_record, protocol);
	FIELD(px_l7_record, family); FIELD(px_l7_record, hint); FIELD(px_l7_record, from_initiator);
	FIELD(px_l7_record, to_hook); FIELD(px_l7_record, flags); END(0)
	BEGIN(px_drop_record) FIELD(px_drop_record, source); FIELD(px_drop_record, destination);
	FIELD(px_drop_record, source_port); FIELD(px_drop_record, destination_port);
	FIELD(px_drop_record, interface_index); FIELD(px_drop_record, location); FIELD(px_drop_record, reason);
	FIELD(px_drop_record, network_namespace); FIELD(px_drop_record, bytes); FIELD(px_drop_record, suppressed);
	FIELD(px_drop_record, protocol); FIELD(px_drop_record, family); FIELD(px_drop_record, tcp_flags);
	FIELD(px_drop_record, received); FIELD(px_drop_record, interface_name);
	FIELD(px_drop_record, symbol); END(0)
	BEGIN(px_socket_record) FIELD(px_socket_record, local); FIELD(px_socket_record, remote);
	FIELD(px_socket_record, local_port); FIELD(px_socket_record, remote_port);
	FIELD(px_socket_record, network_namespace); FIELD(px_socket_record, socket_cookie);
	FIELD(px_socket_record, cgroup_id); FIELD(px_socket_record, pid); FIELD(px_socket_record, smoothed_rtt_us);
	FIELD(px_socket_record, minimum_rtt_us); FIELD(px_socket_record, retransmits);
	FIELD(px_socket_record, connect_us); FIELD(px_socket_record, error); FIELD(px_socket_record, family);
	FIELD(px_socket_record, command);
	FIELD(px_socket_record, is_whole_path); FIELD(px_socket_record, executable); END(0)
	BEGIN(px_tls_socket) FIELD(px_tls_socket, cookie); FIELD(px_tls_socket, local); FIELD(px_tls_socket, remote);
	FIELD(px_tls_socket, local_port); FIELD(px_tls_socket, remote_port);
	FIELD(px_tls_socket, family); FIELD(px_tls_socket, join); END(0)
	BEGIN(px_tls_record) FIELD(px_tls_record, connection); FIELD(px_tls_record, socket); FIELD(px_tls_record, pid);
	FIELD(px_tls_record, offset); FIELD(px_tls_record, length); FIELD(px_tls_record, captured); END(1)
}

static void print_connection(void)
{
	struct px_connection_record record = { .header = header(sizeof(record), PX_TYPE_CONNECTION,
								PX_REASON_FLAGS | PX_REASON_CLOSED) };

	ipv4(record.address[0], 3);
	ipv4(record.address[1], 4);
	record.port[0] = 80;
	record.port[1] = 54321;
	record.interface_index = 70000;
	record.opened_ns = 123456000000000ULL;
	record.side[0] = (struct px_side){ 5000000000ULL, 12, 41, 25, 0x1b, 0 };
	record.side[1] = (struct px_side){ 700, 9, 42, 26, 0x1a, 0 };
	record.protocol = 6;
	record.family = 4;
	record.initiator = 1;
	record.local = PX_LOCAL_SECOND;
	record.marks = PX_MARK_OPENED | PX_MARK_CLOSED;
	record.sender = 0;
	record.packet_flags = 0x11;
	print_hex("connection", &record, sizeof(record), 0);
}

static void print_l7(void)
{
	struct {
		struct px_l7_record record;
		char text[16];
	} l7 = { .record = { .header = header(sizeof(struct px_l7_record) + 15, PX_TYPE_L7, 0) } };

	ipv6(l7.record.source, 1);
	ipv6(l7.record.destination, 2);
	l7.record.source_port = 54321;
	l7.record.destination_port = 8080;
	l7.record.interface_index = 7;
	l7.record.socket_cookie = 42;
	l7.record.cgroup_id = 26;
	l7.record.sequence = 4000000000U;
	l7.record.payload_length = 1400;
	l7.record.captured = 15;
	l7.record.protocol = 6;
	l7.record.family = 6;
	l7.record.hint = PX_L7_HTTP1;
	l7.record.from_initiator = 1;
	l7.record.flags = PX_L7_NOTHING_MISSED;
	memcpy(l7.text, "GET / HTTP/1.1\r", 15);
	print_hex("l7", &l7, sizeof(struct px_l7_record) + 15, 0);
}

static void print_drop(void)
{
	struct px_drop_record record = { .header = header(sizeof(record), PX_TYPE_DROP, 0) };

	ipv4(record.source, 1);
	ipv4(record.destination, 2);
	record.source_port = 34596;
	record.destination_port = 8081;
	record.interface_index = 2;
	record.location = 0xffffffff81234567ULL;
	record.reason = 12;
	record.network_namespace = 4026532247U;
	record.bytes = 60;
	record.suppressed = 5;
	record.protocol = 6;
	record.family = 4;
	record.tcp_flags = 2;
	record.received = 1;
	strcpy(record.interface_name, "eth0");
	strcpy(record.symbol, "nf_hook_slow");
	print_hex("drop", &record, sizeof(record), 0);
}

static void print_socket(void)
{
	struct px_socket_record record = { .header = header(sizeof(record), PX_TYPE_SOCKET, PX_SOCKET_CONNECT_FAILED) };

	ipv4(record.local, 1);
	ipv4(record.remote, 2);
	record.local_port = 40000;
	record.remote_port = 9;
	record.network_namespace = 4026531840U;
	record.socket_cookie = 4153;
	record.cgroup_id = 25;
	record.pid = 77;
	record.smoothed_rtt_us = 35;
	record.minimum_rtt_us = 33;
	record.retransmits = 1;
	record.connect_us = 1234;
	record.error = 111;
	record.family = 4;
	strcpy(record.command, "curl");
	memcpy(record.executable, "curl\0bin\0usr", 13);
	record.is_whole_path = 1;
	print_hex("socket", &record, sizeof(record), 0);
}

static void print_tls(void)
{
	struct {
		struct px_tls_record record;
		char text[16];
	} tls = { .record = { .header = header(sizeof(struct px_tls_record) + 15, PX_TYPE_TLS, PX_TLS_READ) } };

	tls.record.connection = 0x7f0012345678ULL;
	tls.record.socket.cookie = 4153;
	ipv4(tls.record.socket.local, 1);
	ipv4(tls.record.socket.remote, 2);
	tls.record.socket.local_port = 443;
	tls.record.socket.remote_port = 40000;
	tls.record.socket.family = 4;
	tls.record.socket.join = PX_TLS_JOIN_INSIDE;
	tls.record.pid = 77;
	tls.record.thread = 78;
	tls.record.offset = 3000;
	tls.record.length = 9000;
	tls.record.captured = 15;
	memcpy(tls.text, "GET / HTTP/1.1\r", 15);
	print_hex("tls", &tls, sizeof(struct px_tls_record) + 15, 1);
}

int main(void)
{
	printf("{\n  \"layouts\": {\n");
	print_layouts();
	printf("  },\n  \"records\": {\n");
	print_connection();
	print_l7();
	print_drop();
	print_socket();
	print_tls();
	printf("  }\n}\n");
	return 0;
}
