import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { must, type Env } from './process.ts';

const env: Env = { PATH: '/usr/bin:/bin' };

/** A certificate authority of one test run, and one certificate that it signed. */
export interface ThrowAwayTls {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** The same in files. */
  readonly keyFile: string;
  readonly certFile: string;
  /** The authority's certificate. */
  readonly caFile: string;
  /** The authority, as each client's own variable names it. No variable says anything of credentials. */
  readonly trust: Env;
  remove(): Promise<void>;
}

const AUTHORITY = `
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = valetkey test authority
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;

/** What Java wants for a trust store, which holds nothing secret. */
const STORE_PASSWORD = 'changeit';

/** For servers that take the names (or addresses) of public ones; gone with the test, two days at most. */
export async function throwAwayTls(names: readonly string[]): Promise<ThrowAwayTls> {
  const dir = await mkdtemp(join(tmpdir(), 'vk-tls-'));
  const file = (name: string) => join(dir, name);
  const openssl = (...words: readonly string[]) => must('openssl', words, { env });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const config = file('openssl.cnf');
  const alternatives = names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`).join(',');
  await writeFile(config, `${AUTHORITY}subjectAltName = ${alternatives}\n`);
  const [ca, caKey] = [file('ca.pem'), file('ca.key')];
  const [cert, key] = [file('server.pem'), file('server.key')];
  const years = ['-days', '2', '-config', config];
  await openssl('req', '-x509', ...newKey, ...years, '-keyout', caKey, '-out', ca);
  const signer = ['-CA', ca, '-CAkey', caKey, '-extensions', 'server'];
  const subject = ['-subj', `/CN=${names[0] ?? ''}`];
  const pair = ['-keyout', key, '-out', cert];
  await openssl('req', '-x509', ...newKey, ...years, ...signer, ...subject, ...pair);
  const store = file('trust.p12');
  const into = ['-keystore', store, '-storetype', 'PKCS12', '-storepass', STORE_PASSWORD];
  await must('keytool', ['-importcert', '-noprompt', '-alias', 'ca', '-file', ca, ...into], {
    env,
  });
  return {
    key: await readFile(key, 'utf8'),
    cert: await readFile(cert, 'utf8'),
    keyFile: key,
    certFile: cert,
    caFile: ca,
    trust: {
      // OpenSSL, so Ruby and curl; Go, so Terraform and rclone.
      SSL_CERT_FILE: ca,
      CURL_CA_BUNDLE: ca,
      NODE_EXTRA_CA_CERTS: ca,
      REQUESTS_CA_BUNDLE: ca,
      // gcloud, bq and gsutil; and valetkey.
      CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: ca,
      JDK_JAVA_OPTIONS: `-Djavax.net.ssl.trustStore=${store} -Djavax.net.ssl.trustStorePassword=${STORE_PASSWORD}`,
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
