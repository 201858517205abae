import type { AzureEnvironment } from './cloud.ts';

interface EnvironmentFacts {
  readonly authorityHost: string;
  readonly armEndpoint: string;
  /** Of blob hosts: `<account>.blob.<suffix>`. */
  readonly storageSuffix: string;
  /** As the instance metadata names it. */
  readonly azEnvironment: string;
}

/** https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud */
export const ENVIRONMENTS: Readonly<Record<AzureEnvironment, EnvironmentFacts>> = {
  public: {
    authorityHost: 'https://login.microsoftonline.com',
    armEndpoint: 'https://management.azure.com',
    storageSuffix: 'core.windows.net',
    azEnvironment: 'AzurePublicCloud',
  },
  'us-government': {
    authorityHost: 'https://login.microsoftonline.us',
    armEndpoint: 'https://management.usgovcloudapi.net',
    storageSuffix: 'core.usgovcloudapi.net',
    azEnvironment: 'AzureUSGovernmentCloud',
  },
  china: {
    authorityHost: 'https://login.partner.microsoftonline.cn',
    armEndpoint: 'https://management.chinacloudapi.cn',
    storageSuffix: 'core.chinacloudapi.cn',
    azEnvironment: 'AzureChinaCloud',
  },
};

/** The audience of Resource Manager: its URL with a slash, whatever stands in its place. */
export function armAudience(environment: AzureEnvironment): string {
  return `${ENVIRONMENTS[environment].armEndpoint}/`;
}

/**
 * The scope of an audience. A slash at its end stays and makes two: without it Entra would issue
 * another `aud`. https://learn.microsoft.com/entra/identity-platform/scopes-oidc#trailing-slash-and-default
 */
export function defaultScope(audience: string): string {
  return `${audience}/.default`;
}

/** The audience of a scope: all before its last part. */
export function audienceOf(scope: string): string {
  return scope.replace(/\/\.default$/, '');
}
