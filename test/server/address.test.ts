import { describe, expect, test } from 'vitest';

import { parseListenTarget, peerAllowed, permittedAddress } from '../../src/server/address.ts';

describe('row 109: loopback and link-local addresses, and nothing else', () => {
  test.each([
    '0.0.0.0',
    '::',
    '192.168.1.5',
    '10.0.0.1',
    '8.8.8.8',
    '169.254.1.1',
    '169.254.169.253',
    '128.0.0.1',
    'fd00:ec2::255',
    'fe80::1',
    'fe80::1%lo',
    '::1%lo',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::127.0.0.1',
    'example.com',
    'localhost.localdomain',
    'LOCALHOST',
    'metadata.google.internal',
    '127.1',
    '2130706433',
    '0x7f000001',
    '127.0.0.1.',
    ' 127.0.0.1',
    '',
  ])('%j is refused', (address) => {
    expect(() => permittedAddress(address)).toThrow(
      expect.objectContaining({ code: 'ADDRESS_REFUSED', subject: address }),
    );
  });

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.255.255.254', '127.255.255.254'],
    ['localhost', '127.0.0.1'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['169.254.169.254', '169.254.169.254'],
    ['169.254.170.2', '169.254.170.2'],
    ['169.254.170.23', '169.254.170.23'],
    ['fd00:ec2::254', 'fd00:ec2::254'],
    ['FD00:EC2:0::23', 'fd00:ec2::23'],
  ])('%s is %s', (address, canonical) => {
    expect(permittedAddress(address)).toBe(canonical);
  });
});

describe('what a person writes', () => {
  test.each([
    ['127.0.0.1:9911', { kind: 'tcp', address: '127.0.0.1', port: 9911 }],
    ['[::1]:0', { kind: 'tcp', address: '::1', port: 0 }],
    ['localhost:80', { kind: 'tcp', address: '127.0.0.1', port: 80 }],
    ['unix:/run/valetkey/http', { kind: 'unix', path: '/run/valetkey/http' }],
    ['fd:3', { kind: 'fd', fd: 3 }],
  ])('%s', (text, target) => {
    expect(parseListenTarget(text)).toEqual(target);
  });

  test.each([
    '127.0.0.1',
    '127.0.0.1:65536',
    '::1:80',
    '[::1]',
    'unix:relative',
    'fd:x',
    'fd:',
    ':80',
    '',
  ])('%j is not understood', (text) => {
    expect(() => parseListenTarget(text)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    );
  });

  test('an address of the network is refused before anything is opened', () => {
    expect(() => parseListenTarget('0.0.0.0:80')).toThrow(
      expect.objectContaining({ code: 'ADDRESS_REFUSED' }),
    );
  });
});

describe('row 104: the other end is this machine', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.8.8.8', true],
    ['127.0.0.1', '::1', false],
    ['127.0.0.1', '192.168.1.5', false],
    ['::1', '::1', true],
    ['::1', '127.0.0.1', false],
    // The kernel gives a process of this machine the very address it connects to.
    ['169.254.169.254', '169.254.169.254', true],
    ['169.254.169.254', '127.0.0.1', false],
    ['169.254.169.254', '169.254.7.7', false],
    ['fd00:ec2::254', 'fd00:ec2::254', true],
    ['fd00:ec2::254', 'fd00:ec2::23', false],
    ['127.0.0.1', undefined, false],
  ])('%s asked by %s: %s', (local, remote, allowed) => {
    expect(peerAllowed(local, remote)).toBe(allowed);
  });
});
