import { ValetkeyError } from '../../../core/errors.ts';
import { identityIn, type Surroundings } from '../adc-identity.ts';
import type { Base } from '../cloud.ts';
import { defaultCredentials } from '../credential-file.ts';
import { endpointsOf } from '../endpoints.ts';
import { metadataBase } from '../metadata-source.ts';

/**
 * The daemon's own identity as Google's libraries would find it: a file that its variables name,
 * gcloud's, the machine's metadata server. `principal` is what Google or the key itself proves; `''`
 * when nothing does. https://cloud.google.com/docs/authentication/application-default-credentials
 */
export async function ambientBase(around: Surroundings): Promise<Base> {
  const { machine, signal } = around;
  const file = await defaultCredentials(machine.env, signal);
  if (file !== undefined) {
    return await identityIn(file.json, { ...around, place: told(around) }, file.shown);
  }
  const base = await metadataBase(machine, signal);
  if (base !== undefined) return base;
  throw new ValetkeyError('SECRET_MISSING', {
    reason: 'the daemon has no Google identity of its own',
    hint: 'give it GOOGLE_APPLICATION_CREDENTIALS or a service account of the machine, or use another auth method',
  });
}

/** What the daemon's variables put in Google's place may be named by its files too. */
function told({ place, machine }: Surroundings): Surroundings['place'] {
  const endpoints = endpointsOf(place, machine.env);
  const usual = endpointsOf({ universeDomain: place.universeDomain }, {});
  const unless = (which: 'token' | 'sts' | 'iamCredentials') =>
    endpoints[which] === usual[which] ? undefined : endpoints[which];
  return {
    ...place,
    tokenEndpoint: unless('token'),
    stsEndpoint: unless('sts'),
    iamCredentialsEndpoint: unless('iamCredentials'),
  };
}
