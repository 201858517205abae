import { ValetkeyError } from '../../core/errors.ts';
import { defineCommand } from '../command.ts';
import { seconds, single } from '../options.ts';

interface Options {
  readonly resourceId?: string;
  readonly permissions?: string;
  readonly seconds?: number;
  readonly ip?: string;
  readonly httpsOnly?: true;
}

export default defineCommand<Options>({
  configure: (command) => {
    command
      .argument('<connector>', 'its name')
      .addOption(single('--resource-id <resource-id>', 'az://<account>/<container>[/<directory>]'))
      .addOption(single('--permissions <letters>', 'what it allows: rl reads and lists'))
      .addOption(seconds('--seconds <seconds>', 'how long it lives; 7 days at most'))
      .addOption(single('--ip <address>', 'the IPv4 address, or range, that it may be used from'))
      .option('--https-only', 'not good for plain HTTP')
      .addHelpText('after', EXAMPLE);
  },
  run: async ({ args: [name = ''], options, context, terminal }) => {
    const needed = {
      resource_id: given(options.resourceId, '--resource-id'),
      permissions: given(options.permissions, '--permissions'),
      seconds: given(options.seconds, '--seconds'),
    };
    const api = await context.api();
    const https_only = options.httpsOnly === true;
    const signed = await api.sas({ name, ...needed, ip: options.ip, https_only });
    terminal.print(signed.query);
    const { resourceId, permissions, expiresAt, id } = signed;
    terminal.say(`${id}: ${permissions} on ${resourceId} until ${expiresAt}`);
    terminal.say(
      'whoever has this text can use it until then: it is a secret, and is not shown again',
    );
    return undefined;
  },
});

function given<T>(value: T | undefined, flag: string): T {
  if (value !== undefined) return value;
  throw new ValetkeyError('USAGE', { subject: flag, reason: 'it is required' });
}

const EXAMPLE = `
Read one container for 15 minutes:
  valetkey connector sas azure-dev --resource-id az://acmedata/zenfiles --permissions rl --seconds 900 --https-only
`;
