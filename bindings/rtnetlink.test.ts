import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { messagesIn } from './netlink-messages.ts';
import * as R from './rtnetlink.ts';

const test = suite('bindings/rtnetlink');

const HEADER = (length: string, type: string, flags: string): string =>
  `${length}000000${type}00${flags}${'00'.repeat(8)}`;

const address: R.Address = {
  index: 7,
  family: 2,
  prefixLength: 24,
  scope: 0,
  isPermanent: true,
  flags: 0x280,
  label: 'e:1',
  others: [[2, Uint8Array.of(10, 0, 0, 1)]],
};

const requests: [name: string, request: R.Request, bytes: string][] = [
  [
    'RTM_GETLINK with a name',
    R.getLinkRequest('eth0'),
    `${HEADER('2c', '12', '0500')} 00000000 00000000 00000000 00000000 09000300 6574683000000000`,
  ],
  ['RTM_GETLINK for all', R.allLinksRequest(), `${HEADER('20', '12', '0503')} ${'00'.repeat(16)}`],
  [
    'RTM_SETLINK to another namespace',
    R.moveLinkRequest({ index: 3, namespaceFd: 9, name: 'c%d', newIndex: 300 }),
    `${HEADER('38', '13', '0500')} 00000000 03000000 00000000 00000000 08001c00 09000000 08000300 63256400 08003100 2c010000`,
  ],
  [
    'RTM_SETLINK without an index',
    R.moveLinkRequest({ index: 3, namespaceFd: 9, name: 'c', newIndex: undefined }),
    `${HEADER('30', '13', '0500')} 00000000 03000000 00000000 00000000 08001c00 09000000 06000300 63000000`,
  ],
  ['RTM_SETLINK up', R.linkUpRequest(4), `${HEADER('20', '13', '0500')} 00000000 04000000 01000000 01000000`],
  ['RTM_GETADDR for all', R.allAddressesRequest(), `${HEADER('18', '16', '0503')} ${'00'.repeat(8)}`],
  [
    'RTM_NEWADDR, with the flags that may be set',
    R.newAddressRequest(address),
    `${HEADER('30', '14', '0506')} 02180000 07000000 08000200 0a000001 08000800 00020000 08000300 653a3100`,
  ],
  [
    'RTM_NEWADDR without a label',
    R.newAddressRequest({ ...address, label: '', others: [] }),
    `${HEADER('20', '14', '0506')} 02180000 07000000 08000800 00020000`,
  ],
];
for (const [name, request, bytes] of requests) {
  test(`${name} has the bytes that the kernel expects`, () => {
    assert.is(Buffer.from(request.bytes).toString('hex'), bytes.replaceAll(' ', ''));
    assert.ok(name.startsWith(request.name));
  });
}

const messageOf = (text: string) => {
  const payload = new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
  return { type: 0, flags: 0, payload };
};

test('an interface is read', () => {
  const link = R.linkIn(messageOf('00000100 05000000 43100100 00000000 09000300 6574683000000000'));
  assert.equal(link, { index: 5, name: 'eth0', isUp: true });
  assert.is(R.linkIn(messageOf('00000100 05000000 42100100 00000000')).isUp, false);
});

test('an address is read; its lifetime is left out', () => {
  const read = R.addressIn(
    messageOf(
      '02188000 07000000 08000200 0a000001 08000300 653a3100 08000800 80020000 14000600 ffffffff ffffffff 00000000 00000000',
    ),
  );
  assert.equal(read, address);
});

test('without long flags the short ones count', () => {
  assert.is(R.addressIn(messageOf('0a408000 07000000')).flags, 0x80);
});

test('an address that is made again is the same', () => {
  const [made] = messagesIn(R.newAddressRequest(address).bytes);
  if (made === undefined) throw new Error('no message');
  const { label, others, index, prefixLength, flags } = R.addressIn(made);
  assert.equal(
    { label, others, index, prefixLength, flags },
    { label: 'e:1', others: address.others, index: 7, prefixLength: 24, flags: 0x200 },
  );
});

const kept: [name: string, change: Partial<R.Address>, isKept: boolean][] = [
  ['a permanent global address', {}, true],
  ['one with a lifetime', { isPermanent: false }, false],
  ['one of the link', { scope: 253 }, false],
  ['one of the host', { scope: 254 }, false],
];
for (const [name, change, isKept] of kept) {
  test(`${name} is ${isKept ? 'kept' : 'left'}`, () => assert.is(R.isKept({ ...address, ...change }), isKept));
}

test.run();
