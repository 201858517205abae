import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { writeFileAtomically } from '../../src/files/atomic-write.ts';
import { AUDIENCE, CONNECTOR, googleBed, tokenIn } from '../faults/google-bed.ts';
import type { GoogleBed } from '../faults/google-bed.ts';

/* What is changed while clients hold on: the next answer is by the new word, never from memory by the old. */

const AUTH = 'https://www.googleapis.com/auth';

/** The workload's one grant, written anew and put in force. */
async function regrant({ daemon }: GoogleBed, grant: string): Promise<void> {
  const path = join(daemon.home, 'config.yaml');
  const text = await readFile(path, 'utf8');
  const line = `grants: [{ connector: ${CONNECTOR}${grant} }]`;
  await writeFileAtomically(path, text.replace(/grants: .*/, line));
  await daemon.reload();
}

const issuedWith = ({ google }: GoogleBed, token: unknown) =>
  google.tokens.issued().find((one) => one.token === token);

describe('a grant', () => {
  test('narrowed to a bucket: the token of before is handed out no more, nor any proof', async () => {
    const bed = await googleBed();
    const wide = await bed.token();
    expect((await bed.identity()).status).toBe(200);
    await regrant(bed, ', resource_id: "gs://zenfiles", access: read');
    const narrow = await bed.token();
    expect(tokenIn(narrow)).not.toBe(tokenIn(wide));
    expect(issuedWith(bed, tokenIn(narrow))?.boundary).toBeDefined();
    expect((await bed.identity()).status).toBe(404);
    expect((await bed.token(`?scopes=${AUTH}/compute`)).body).toBe((await bed.token()).body);
  });

  test('narrowed to scopes: what a client chose before is refused', async () => {
    const bed = await googleBed();
    const compute = `?scopes=${AUTH}/compute`;
    expect((await bed.token(compute)).status).toBe(200);
    await regrant(bed, `, scopes: ["${AUTH}/devstorage.read_only"]`);
    expect((await bed.token(compute)).status).toBe(403);
    const issued = issuedWith(bed, tokenIn(await bed.token()));
    expect(issued?.scopes).toEqual([`${AUTH}/devstorage.read_only`]);
    expect((await bed.identity()).status).toBe(404);
  });

  test('limited to audiences: another one’s token is not served from memory', async () => {
    const bed = await googleBed();
    expect((await bed.identity()).status).toBe(200);
    await regrant(bed, ', audiences: ["https://other.example"]');
    expect((await bed.identity()).status).toBe(404);
    expect((await bed.identity('https://other.example')).status).toBe(200);
    await regrant(bed, `, audiences: ["${AUDIENCE}"]`);
    expect((await bed.identity()).status).toBe(200);
  });

  test('written wrong: the one of before stays in force', async () => {
    const bed = await googleBed();
    const before = await bed.token();
    await expect(regrant(bed, ', scopes: ["a b"]')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    expect(tokenIn(await bed.token())).toBe(tokenIn(before));
  });

  test('that cannot be resolved: refused, with the reason in the log, and well again when mended', async () => {
    const bed = await googleBed();
    await bed.token();
    await regrant(bed, ', resource_id: "gs://Zenfiles"');
    expect((await bed.token()).status).not.toBe(200);
    await regrant(bed, '');
    expect((await bed.token()).status).toBe(200);
  });
});

describe('a connector', () => {
  test('whose key is rotated: the new key’s token at once', async () => {
    const bed = await googleBed();
    const before = await bed.token();
    const service_account_json = bed.keyFile();
    const { private_key_id: old } = JSON.parse(bed.keyAttributes['service_account_json'] ?? '') as {
      private_key_id: string;
    };
    await bed.daemon.api.update({ name: CONNECTOR, attributes: { service_account_json } });
    bed.robot.revokeKey(old);
    const after = await bed.token();
    expect(after.status).toBe(200);
    expect(tokenIn(after)).not.toBe(tokenIn(before));
  });

  test('whose key was revoked and is replaced: not held back by the failure of before', async () => {
    const bed = await googleBed();
    const { private_key_id: old } = JSON.parse(bed.keyAttributes['service_account_json'] ?? '') as {
      private_key_id: string;
    };
    bed.robot.revokeKey(old);
    expect((await bed.token()).status).toBe(403);
    const service_account_json = bed.keyFile();
    await bed.daemon.api.update({ name: CONNECTOR, attributes: { service_account_json } });
    expect((await bed.token()).status).toBe(200);
  });

  test('of another account: its e-mail is told, and its token', async () => {
    const bed = await googleBed();
    await bed.token();
    const other = bed.google.accounts.addServiceAccount({ name: 'other', project: bed.project });
    await bed.daemon.api.update({
      name: CONNECTOR,
      attributes: {
        service_account_json: JSON.stringify(other.keyFile()),
        account_email: other.email,
      },
    });
    const issued = issuedWith(bed, tokenIn(await bed.token()));
    expect(issued?.principal).toMatchObject({ email: other.email });
  });

  test('with fewer scopes of its own: a client’s choice of before is refused', async () => {
    const bed = await googleBed();
    const compute = `?scopes=${AUTH}/compute`;
    expect((await bed.token(compute)).status).toBe(200);
    const scopes = `${AUTH}/devstorage.read_only`;
    await bed.daemon.api.update({ name: CONNECTOR, attributes: { scopes } });
    expect((await bed.token(compute)).status).toBe(403);
    expect(issuedWith(bed, tokenIn(await bed.token()))?.scopes).toEqual([scopes]);
  });

  test('in use is not deleted; whose file is taken away serves nothing more, from memory neither', async () => {
    const bed = await googleBed();
    await bed.token();
    await bed.identity();
    const removed = bed.daemon.api.remove({ name: CONNECTOR });
    await expect(removed).rejects.toMatchObject({ code: 'IN_USE' });
    expect((await bed.token()).status).toBe(200);
    await rm(join(bed.daemon.home, `connectors/${CONNECTOR}.yaml`));
    while ((await bed.token()).status === 200) await new Promise((go) => setTimeout(go, 10));
    for (const { status, body } of [await bed.token(), await bed.identity()]) {
      expect(status).not.toBe(200);
      expect(body).not.toMatch(/ya29|eyJ/);
    }
    expect((await bed.daemon.api.status({})).issued).toEqual([]);
  });
});
