import { z } from 'zod';

import { defineAuthMethod } from '../../contract.ts';
import { Switch } from '../../fields/switch.ts';
import { checkValidAt, openCertificate, pemOf } from '../certificate.ts';
import type { AzureCloud, AzureScope } from '../cloud.ts';
import { askOf, credentialOf, storedField } from '../mint.ts';
import { appFields, azurePlace, checkTenant, identityFields, placeFields } from '../place.ts';

const config = z
  .strictObject({
    ...appFields,
    ...placeFields,
    ...identityFields,
    send_chain: Switch.default(false).describe(
      'Send the certificate chain along, for applications that trust its issuer and subject name',
    ),
  })
  .superRefine(checkTenant);

/** https://learn.microsoft.com/entra/identity-platform/certificate-credentials */
export default defineAuthMethod<AzureCloud, AzureScope, typeof config>({
  kind: 'client-certificate',
  title: 'Service principal with a certificate',
  description:
    'An application’s certificate signs assertions that Entra exchanges for tokens of about one hour, each for one audience. The private key stays in the store. The certificate is given as PEM together with its key, or as a PFX file in base64.',
  yields: 'access-token',
  config,
  secret: z.strictObject({
    client_certificate: z
      .string()
      .min(1)
      .max(65_536)
      .describe('Certificate and private key: PEM, or a PFX file in base64; @path reads a file'),
    client_certificate_password: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe('Password of the PFX file, or of the private key in the PEM'),
  }),
  narrows: () => true,

  complete(_given, { client_certificate: text, client_certificate_password: password }) {
    if (text !== undefined) openCertificate(text, password);
    return {};
  },

  async issue(input) {
    const { connector, config: options, cloud, machine, signal } = input;
    const text = storedField(connector.secret, 'client_certificate');
    const opened = openCertificate(text, connector.secret['client_certificate_password']);
    checkValidAt(opened, machine.clock.now());
    const { tenant_id: tenantId, client_id: clientId, send_chain: sendChain } = options;
    const app = { tenantId, clientId, certificate: { pem: pemOf(opened), sendChain } };
    const ask = askOf(input);
    const issued = await cloud.entra.clientCertificate(app, ask, azurePlace(options), signal);
    return credentialOf(issued, ask, input);
  },
});
