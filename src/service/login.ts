import { randomUUID } from 'node:crypto';

import type { ConnectorRecord } from '../catalog/record.ts';
import type { LoginFlow } from '../connectors/contract.ts';
import { secondsFor } from '../connectors/input.ts';
import type { LoginStarted } from '../control/api.ts';
import type { Checked } from '../control/schema.ts';
import { ValetkeyError, withSubject } from '../core/errors.ts';
import type { ConnectorView } from '../core/view.ts';
import { describeConnector } from './connectors.ts';
import type { Service } from './context.ts';
import { isoTime } from './view.ts';

/** Interactive logins between their start and their end. */
export interface Logins {
  start(input: Checked['loginStart']): Promise<LoginStarted>;
  finish(input: Checked['loginFinish']): Promise<ConnectorView>;
}

const LOGIN_MS = 15 * 60_000; // device codes live 10 minutes
const KEPT = 8;

export function createLogins(service: Service): Logins {
  const flows = new Map<string, { readonly record: ConnectorRecord; readonly flow: LoginFlow }>();
  return {
    async start({ name }) {
      try {
        const open = service.issuer.openSaved(await service.catalog.get(name));
        const flow = await open.method.login?.({
          connector: await service.issuer.inputOf(open),
          config: open.config,
          seconds: secondsFor(open.method, open.config, open.record.expiration_seconds),
          cloud: open.cloud,
          machine: service.machine,
          signal: AbortSignal.timeout(LOGIN_MS),
        });
        if (flow === undefined) return {};
        const id = randomUUID();
        flows.set(id, { record: open.record, flow });
        for (const oldest of [...flows.keys()].slice(0, -KEPT)) flows.delete(oldest);
        const { prompt } = flow;
        return {
          flow: id,
          prompt:
            prompt.kind === 'device' ? { ...prompt, expiresAt: isoTime(prompt.expiresAt) } : prompt,
        };
      } catch (error) {
        throw withSubject(error, name);
      }
    },
    async finish({ flow: id, code }) {
      const started = flows.get(id);
      if (started === undefined) {
        throw new ValetkeyError('NOT_FOUND', {
          subject: 'login',
          hint: 'start it again with: valetkey connector login <name>',
        });
      }
      flows.delete(id);
      const { record, flow } = started;
      const { name } = record;
      try {
        const result = await flow.finish(code, AbortSignal.timeout(LOGIN_MS));
        await service.issuer.keepLogin(record, result);
        service.broker.forget(name);
        return await describeConnector(service, { name });
      } catch (error) {
        throw withSubject(error, name);
      }
    },
  };
}
