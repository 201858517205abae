import { ValetkeyError } from '../../core/errors.ts';
import { ENVIRONMENTS } from './environments.ts';
import { textOf } from '../fields/text-of.ts';
import { environmentOf, placeFields } from './place.ts';

/** A container, or what lies below a directory in it. */
export interface ContainerPath {
  readonly account: string;
  readonly container: string;
  /** Without a slash at its ends; absent: the whole container. */
  readonly directory: string | undefined;
}

type Config = Readonly<Record<string, unknown>>;

/** https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
const NAME = /^(?:\$root|\$web|\$logs|(?=.{3,63}$)[a-z\d](?:-?[a-z\d])*)$/;
const NAME_MAX_CHARS = 1024;

/**
 * `az://account/container[/directory]`, `https://account.blob.core.windows.net/container[/…]`,
 * `abfss://container@account.dfs.core.windows.net[/…]`; of a connector with a storage account also
 * `az://container` and the name alone. Throws `INPUT_INVALID`.
 */
export function parseContainerPath(text: string, config: Config): ContainerPath {
  if (/[?#]/.test(text)) throw invalid('leave out what comes after ? or #');
  const own = textOf(config, 'storage_account');
  const parts = partsOf(text, config, own);
  const [account, container = '', ...rest] = parts;
  if (account === undefined) {
    throw invalid(
      'containers of the same name are in many storage accounts: use az://<account>/<container>, or give the connector a storage_account',
    );
  }
  if (!placeFields.storage_account.safeParse(account).success) {
    throw invalid('an account’s name has 3 to 24 small letters and digits');
  }
  if (own !== undefined && own !== account) {
    throw invalid(`the connector’s storage account is ${own}`);
  }
  if (!NAME.test(container)) {
    throw invalid(
      'a container’s name has 3 to 63 small letters, digits and single dashes, and none at its ends',
    );
  }
  return { account, container, directory: directoryOf(rest) };
}

/** The one canonical form: `az://account/container`, `az://account/container/directory`. */
export function formatContainerPath({ account, container, directory }: ContainerPath): string {
  const below = directory === undefined ? '' : `/${directory}`;
  return `az://${account}/${container}${below}`;
}

/** Account, container and what is below; the account is `undefined` when nobody names it. */
function partsOf(
  text: string,
  config: Config,
  own: string | undefined,
): readonly (string | undefined)[] {
  const [, scheme = '', rest = text] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(text) ?? [];
  const [head = '', ...path] = rest.split('/');
  switch (scheme.toLowerCase()) {
    case 'https':
      return [accountIn(head, ['blob', 'dfs'], config), ...path];
    case 'abfs':
    case 'abfss':
    case 'wasb':
    case 'wasbs': {
      const [container, host, more] = head.split('@');
      if (host === undefined || more !== undefined) {
        throw invalid('use abfss://<container>@<account>.dfs.core.windows.net');
      }
      return [accountIn(host, ['blob', 'dfs'], config), container, ...path];
    }
    case 'az':
      return path.join('') === '' ? [own, head] : [head, ...path];
    case '':
      if (text.includes('/')) throw invalid('use az://<account>/<container>');
      return [own, text];
    default:
      throw invalid('use az://<account>/<container>');
  }
}

function accountIn(host: string, services: readonly string[], config: Config): string {
  const { storageSuffix } = ENVIRONMENTS[environmentOf(config)];
  const [account = '', service = '', ...suffix] = host.toLowerCase().split('.');
  if (services.includes(service) && suffix.join('.') === storageSuffix) return account;
  throw invalid(`the host of an account’s blobs is <account>.blob.${storageSuffix}`);
}

function directoryOf(parts: readonly (string | undefined)[]): string | undefined {
  const directory = parts.join('/').replace(/\/$/, '');
  if (directory === '') return undefined;
  const named = directory.split('/');
  if (named.some((part) => part === '' || part === '.' || part === '..')) {
    throw invalid('a directory has a name at each level');
  }
  if (/[\p{Cc}\\]/u.test(directory) || !directory.isWellFormed()) {
    throw invalid('a directory has no control characters and no backslash');
  }
  if (directory.length > NAME_MAX_CHARS) {
    throw invalid(`a directory has at most ${NAME_MAX_CHARS} characters`);
  }
  return directory;
}

function invalid(reason: string): ValetkeyError {
  return new ValetkeyError('INPUT_INVALID', { subject: 'resource_id', reason });
}
