import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostLines, podLines } from './network.ts';
import { planPods, podsOf } from './plan.ts';
import { compileServiceVips } from './service-vip.ts';

const pods = planPods();

test('frames for a service go to one of its pods by the client’s address and port, answers come from the service', () => {
  const catalog = compileServiceVips(podsOf(pods, 'shop/catalog'));
  const choice = 'jhash ip saddr . tcp sport mod 2 seed 0x706c map';
  assert.equal(
    catalog,
    [
      'table bridge parallax_demo {',
      '  set clients_10_96_0_20_80 { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 2m; size 4096; }',
      '  chain prerouting {',
      '    type filter hook prerouting priority dstnat; policy accept;',
      '    ip daddr 10.96.0.20 tcp dport 80 update @clients_10_96_0_20_80 { ip saddr . tcp sport } ' +
        `ether daddr set ${choice} { 0 : 02:70:78:00:00:04, 1 : 02:70:78:00:00:05 } ` +
        `ip daddr set ${choice} { 0 : 10.244.2.11, 1 : 10.244.2.12 } tcp dport set 8080`,
      '    ip saddr { 10.244.2.11, 10.244.2.12 } tcp sport 8080 ip daddr . tcp dport @clients_10_96_0_20_80 ' +
        'ip saddr set 10.96.0.20 tcp sport set 80',
      '  }',
      '}',
      '',
    ].join('\n'),
  );
});

test('a headless service needs no rule', () => {
  assert.equal(compileServiceVips(podsOf(pods, 'data/redis')).includes('ip daddr'), false);
});

test('the host learns of a bridge without address and one interface a pod, nothing else', () => {
  const lines = hostLines(podsOf(pods, 'shop/web'));
  assert.deepEqual(lines, [
    'link add px-demo0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0',
    'link set px-demo0 addrgenmode none',
    'link set px-demo0 up',
    'netns add px-demo-web',
    'link add pxd-web type veth peer name eth0 address 02:70:78:00:00:03 netns px-demo-web',
    'link set pxd-web addrgenmode none',
    'link set pxd-web master px-demo0 up',
  ]);
});

test('a pod has its addresses and ways to services and internet; the internet has a way to pods', () => {
  const [fraud] = podsOf(pods, 'payments/fraud');
  const [internet] = podsOf(pods, 'internet/loadgen');
  assert.ok(fraud && internet);
  assert.ok(podLines(fraud).includes('addr add fd00:10:244:3::c/48 dev eth0 nodad'));
  assert.ok(podLines(fraud).includes('route add 203.0.113.0/24 dev eth0'));
  assert.ok(podLines(internet).includes('addr add 203.0.113.10/24 dev eth0'));
  assert.ok(podLines(internet).includes('route add 10.244.0.0/16 dev eth0'));
});
