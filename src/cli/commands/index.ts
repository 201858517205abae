import type { CommandEntry, CommandGroup } from '../command.ts';

/** Words that hold commands. */
export const GROUPS: Readonly<Record<string, CommandGroup>> = {
  connector: {
    summary: 'register, look at and change connectors',
    aliases: ['service-connector'], // ZenML’s word
  },
  store: { summary: 'look at the secret store, move secrets to another one', aliases: [] },
};

/** Every command, in the order of the help text; each one’s module is loaded when it is chosen. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    path: 'serve',
    summary: 'run the daemon in the foreground',
    load: () => import('./serve.ts'),
  },
  {
    path: 'exec',
    summary: 'run a program that gets credentials',
    load: () => import('./exec.ts'),
  },
  {
    path: 'env',
    summary: 'print the variables that lead programs to the daemon',
    load: () => import('./env.ts'),
  },
  {
    path: 'status',
    summary: 'show what is issued, to whom, until when',
    load: () => import('./status.ts'),
  },
  {
    path: 'doctor',
    summary: 'look for what keeps programs from what is granted, and tell what mends it',
    load: () => import('./doctor.ts'),
  },
  {
    path: 'connector list-types',
    summary: 'list the connector types',
    load: () => import('./connector-list-types.ts'),
  },
  {
    path: 'connector describe-type',
    summary: 'explain a connector type, one of its auth methods or resource types',
    load: () => import('./connector-describe-type.ts'),
  },
  {
    path: 'connector register',
    summary: 'register a connector',
    load: () => import('./connector-register.ts'),
  },
  {
    path: 'connector list',
    summary: 'list the connectors',
    load: () => import('./connector-list.ts'),
  },
  {
    path: 'connector describe',
    summary: 'show a connector, or what a client of it gets',
    load: () => import('./connector-describe.ts'),
  },
  {
    path: 'connector verify',
    summary: 'prove that a connector works',
    load: () => import('./connector-verify.ts'),
  },
  {
    path: 'connector list-resources',
    summary: 'list the resources that connectors reach',
    load: () => import('./connector-list-resources.ts'),
  },
  {
    path: 'connector update',
    summary: 'change a connector',
    load: () => import('./connector-update.ts'),
  },
  {
    path: 'connector delete',
    summary: 'delete a connector and its secret',
    load: () => import('./connector-delete.ts'),
  },
  {
    path: 'connector login',
    summary: 'log in where a connector needs a person (MFA, SSO)',
    load: () => import('./connector-login.ts'),
  },
  {
    path: 'connector sas',
    summary: 'print a shared access signature for a container',
    load: () => import('./connector-sas.ts'),
  },
  {
    path: 'store status',
    summary: 'show which store is in use and whether it answers',
    load: () => import('./store-status.ts'),
  },
  {
    path: 'store migrate',
    summary: 'move secrets to another store',
    load: () => import('./store-migrate.ts'),
  },
  {
    path: 'credential-process',
    summary: 'print a credential for the AWS credential_process setting',
    load: () => import('./credential-process.ts'),
  },
  {
    path: 'demo',
    summary: 'show the whole way with stand-ins, without a cloud account',
    load: () => import('./demo.ts'),
  },
  {
    path: 'completion',
    summary: 'print a completion script for bash, zsh or fish',
    load: () => import('./completion.ts'),
  },
  {
    path: '__complete',
    summary: 'answer a completion script',
    hidden: true,
    load: () => import('./complete.ts'),
  },
];
