import { addresses } from './addresses.ts';
import { awsFiles } from './aws-files.ts';
import type { Check } from './check.ts';
import { azure } from './azure.ts';
import { challenges } from './challenges.ts';
import { daemon } from './daemon.ts';
import { gcloud } from './gcloud.ts';
import { hosts } from './hosts.ts';
import { program } from './program.ts';
import { proxies } from './proxies.ts';
import { variables } from './variables.ts';

/** Every group of checks, in the order of their rows. */
export const CHECKS: readonly Check[] = [
  program,
  daemon,
  addresses,
  hosts,
  proxies,
  variables,
  awsFiles,
  gcloud,
  azure,
  challenges,
];
