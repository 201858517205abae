import {
  GetRoleCredentialsCommand,
  ListAccountRolesCommand,
  ListAccountsCommand,
  LogoutCommand,
  SSOClient,
} from '@aws-sdk/client-sso';
import {
  CreateTokenCommand,
  RegisterClientCommand,
  SSOOIDCClient,
  StartDeviceAuthorizationCommand,
} from '@aws-sdk/client-sso-oidc';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allow, policy, refusalOf, startBed } from './setup.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

/** A person with two accounts, and a client that has asked for a device code. */
async function startSsoBed(scopes: string[] | undefined = ['sso:account:access']) {
  const bed = await startBed();
  const config = { endpoint: bed.aws.url, region: 'eu-west-1', maxAttempts: 1 };
  const oidc = new SSOOIDCClient(config);
  const portal = new SSOClient(config);
  onTestFinished(() => {
    oidc.destroy();
    portal.destroy();
  });
  bed.aws.sso.assign({ roleName: 'Reader', policies: [policy(allow('s3:Get*'))] });
  bed.aws.sso.assign({ roleName: 'Admin', seconds: 43_200 });
  bed.aws.sso.assign({ roleName: 'Reader', account: '444455556666', accountName: 'other' });
  const client = await oidc.send(
    new RegisterClientCommand({ clientName: 'test', clientType: 'public', scopes }),
  );
  const device = await oidc.send(
    new StartDeviceAuthorizationCommand({
      clientId: client.clientId,
      clientSecret: client.clientSecret,
      startUrl: bed.aws.sso.startUrl,
    }),
  );
  const token = (input: {
    deviceCode?: string;
    refreshToken?: string;
    clientSecret?: string;
    grantType?: string;
  }) =>
    oidc.send(
      new CreateTokenCommand({
        clientId: client.clientId,
        clientSecret: client.clientSecret,
        grantType: input.refreshToken === undefined ? DEVICE : 'refresh_token',
        ...input,
      }),
    );
  const poll = () => token({ deviceCode: device.deviceCode ?? '' });
  const signIn = async () => {
    bed.aws.sso.decide(device.userCode ?? '', 'approved');
    const answer = await poll();
    return { accessToken: answer.accessToken ?? '', refreshToken: answer.refreshToken };
  };
  return { ...bed, oidc, portal, client, device, token, poll, signIn };
}

describe('sign-in by device code', () => {
  it('waits for the person, asks for patience, and gives one token for one code', async () => {
    const bed = await startSsoBed();
    expect(bed.device).toMatchObject({ expiresIn: 600, interval: 1 });
    expect(bed.device.verificationUriComplete).toContain(bed.device.userCode ?? 'nothing');
    expect(await refusalOf(bed.poll())).toBe('AuthorizationPendingException 400');
    expect(await refusalOf(bed.poll())).toBe('SlowDownException 400');
    await bed.clock.advance(5000);
    expect(await refusalOf(bed.poll())).toBe('SlowDownException 400');
    await bed.clock.advance(11_000);
    expect(bed.aws.sso.decide(bed.device.userCode ?? '', 'approved')).toBe(true);
    expect(await bed.poll()).toMatchObject({ tokenType: 'Bearer', expiresIn: 3600 });
    await bed.clock.advance(11_000);
    expect(await refusalOf(bed.poll())).toBe('InvalidGrantException 400');
  });

  it('ends when the person says no, or nothing for ten minutes', async () => {
    const denied = await startSsoBed();
    denied.aws.sso.decide(denied.device.userCode ?? '', 'denied');
    expect(await refusalOf(denied.poll())).toBe('AccessDeniedException 400');
    const late = await startSsoBed();
    await late.clock.advance(600_000);
    expect(late.aws.sso.decide(late.device.userCode ?? '', 'approved')).toBe(false);
    expect(await refusalOf(late.poll())).toBe('ExpiredTokenException 400');
  });

  it('refuses another client’s secret, another start URL, another grant', async () => {
    const bed = await startSsoBed();
    const { clientId, clientSecret } = bed.client;
    expect(await refusalOf(bed.token({ deviceCode: 'x', clientSecret: 'wrong' }))).toBe(
      'InvalidClientException 401',
    );
    expect(await refusalOf(bed.token({ deviceCode: 'x' }))).toBe('InvalidGrantException 400');
    expect(await refusalOf(bed.token({ grantType: 'password' }))).toBe(
      'UnsupportedGrantTypeException 400',
    );
    const elsewhere = { clientId, clientSecret, startUrl: 'https://d-other.awsapps.com/start' };
    const start = bed.oidc.send(new StartDeviceAuthorizationCommand(elsewhere));
    expect(await refusalOf(start)).toBe('InvalidRequestException 400');
    const secret = bed.oidc.send(
      new RegisterClientCommand({ clientName: 'x', clientType: 'confidential' }),
    );
    expect(await refusalOf(secret)).toBe('InvalidClientMetadataException 400');
    await bed.clock.advance(90 * 86_400_000);
    expect(await refusalOf(bed.token({ deviceCode: 'x' }))).toBe('InvalidClientException 401');
  });
});

describe('refreshing', () => {
  it('gives a new pair until the sign-in ends, and each refresh token works once', async () => {
    const bed = await startSsoBed();
    const first = await bed.signIn();
    const refreshToken = first.refreshToken ?? '';
    await bed.clock.advance(7.5 * 3_600_000);
    const second = await bed.token({ refreshToken });
    expect(second.expiresIn).toBe(1800);
    expect(second.accessToken).not.toBe(first.accessToken);
    expect(await refusalOf(bed.token({ refreshToken }))).toBe('InvalidGrantException 400');
    await bed.clock.advance(1_800_000);
    const late = bed.token({ refreshToken: second.refreshToken ?? '' });
    expect(await refusalOf(late)).toBe('InvalidGrantException 400');
  });

  it('is not for a client without the scope: its token lives as long as the sign-in', async () => {
    const bed = await startSsoBed([]);
    bed.aws.sso.setSessionHours(2);
    bed.aws.sso.decide(bed.device.userCode ?? '', 'approved');
    const answer = await bed.poll();
    expect(answer.expiresIn).toBe(7200);
    expect(answer.refreshToken).toBeUndefined();
  });
});

describe('the portal', () => {
  it('lists accounts and roles, page by page', async () => {
    const bed = await startSsoBed();
    const { accessToken } = await bed.signIn();
    const first = await bed.portal.send(new ListAccountsCommand({ accessToken, maxResults: 1 }));
    expect(first.accountList).toMatchObject([{ accountId: '111122223333' }]);
    const { nextToken } = first;
    const second = await bed.portal.send(
      new ListAccountsCommand({ accessToken, maxResults: 1, nextToken }),
    );
    expect(second.accountList).toMatchObject([{ accountId: '444455556666', accountName: 'other' }]);
    expect(second.nextToken).toBeUndefined();
    const roles = await bed.portal.send(
      new ListAccountRolesCommand({ accessToken, accountId: '111122223333' }),
    );
    expect(roles.roleList?.map((item) => item.roleName)).toEqual(['Reader', 'Admin']);
  });

  it('gives role credentials that work', async () => {
    const bed = await startSsoBed();
    const { accessToken } = await bed.signIn();
    const input = { accessToken, accountId: '111122223333', roleName: 'Reader' };
    const { roleCredentials } = await bed.portal.send(new GetRoleCredentialsCommand(input));
    expect(roleCredentials?.expiration).toBe(bed.clock.now() + 3_600_000);
    const sts = bed.sts({
      accessKeyId: roleCredentials?.accessKeyId ?? '',
      secretAccessKey: roleCredentials?.secretAccessKey ?? '',
      sessionToken: roleCredentials?.sessionToken,
    });
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
    expect(Arn).toMatch(/:assumed-role\/AWSReservedSSO_Reader_[0-9a-f]{16}\/person@example\.com$/);
  });

  it('refuses a role one has not, and a token that is unknown, expired or signed out', async () => {
    const bed = await startSsoBed();
    const { accessToken } = await bed.signIn();
    const get = (input: { accessToken?: string; roleName?: string; accountId?: string }) =>
      refusalOf(
        bed.portal.send(
          new GetRoleCredentialsCommand({
            accessToken,
            accountId: '111122223333',
            roleName: 'Reader',
            ...input,
          }),
        ),
      );
    expect(await get({ roleName: 'Owner' })).toBe('ForbiddenException 403');
    expect(await get({ roleName: 'Admin', accountId: '444455556666' })).toBe(
      'ForbiddenException 403',
    );
    expect(await get({ accessToken: 'made-up' })).toBe('UnauthorizedException 401');
    await bed.portal.send(new LogoutCommand({ accessToken }));
    expect(await get({})).toBe('UnauthorizedException 401');
    const other = await startSsoBed();
    const signedIn = await other.signIn();
    await other.clock.advance(3_600_000);
    const late = other.portal.send(new ListAccountsCommand({ accessToken: signedIn.accessToken }));
    expect(await refusalOf(late)).toBe('UnauthorizedException 401');
  });

  it('an administrator can end every sign-in', async () => {
    const bed = await startSsoBed();
    const { accessToken, refreshToken = '' } = await bed.signIn();
    bed.aws.sso.signOutEverywhere();
    const list = bed.portal.send(new ListAccountsCommand({ accessToken }));
    expect(await refusalOf(list)).toBe('UnauthorizedException 401');
    expect(await refusalOf(bed.token({ refreshToken }))).toBe('InvalidGrantException 400');
  });
});
