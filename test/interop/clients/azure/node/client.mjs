/*
 * A program as anybody would write it, told nothing but environment variables. Which version of the
 * library it is, VALETKEY_TEST_LIBRARY says.
 *
 * client.mjs managed|default AUDIENCE [CLIENT-ID]: one JSON line on stdout; exit 0, 1 for no token.
 */
const libraries = {
  '@azure/identity': () => import('@azure/identity'),
  'azure-identity-previous': () => import('azure-identity-previous'),
};
const { DefaultAzureCredential, ManagedIdentityCredential } =
  await libraries[process.env.VALETKEY_TEST_LIBRARY]();

const [kind, audience, clientId] = process.argv.slice(2);
const options = clientId === undefined ? [] : [{ clientId }];
const credential =
  kind === 'default'
    ? new DefaultAzureCredential(
        clientId === undefined ? {} : { managedIdentityClientId: clientId },
      )
    : new ManagedIdentityCredential(...options);

try {
  const { token, expiresOnTimestamp } = await credential.getToken(`${audience}/.default`);
  process.stdout.write(JSON.stringify({ token, expiresAt: expiresOnTimestamp }));
} catch (error) {
  process.stdout.write(JSON.stringify({ name: error.name, message: error.message }));
  process.exitCode = 1;
}
