import {
  EMAIL,
  GOOGLE_ACCOUNTS,
  OTHER_EMAIL,
  PROJECT,
  PROJECT_NUMBER,
  SCOPES,
} from '../../support/google-accounts.ts';
import type { Vector } from '../vector.ts';
import { as, error, flavored, json, on, SA, text, V } from './expected.ts';

const ACCOUNT = {
  aliases: ['default'],
  email: EMAIL,
  scopes: [SCOPES.platform, SCOPES.email],
};
const PROJECT_JSON = `"project":{"attributes":{},"numericProjectId":${PROJECT_NUMBER},"projectId":"${PROJECT}"}`;

const lines: readonly Vector[] = [
  {
    row: 37,
    name: 'an account: no token among it',
    request: `GET ${SA}/default/?recursive=true`,
    expect: { ...json(ACCOUNT), fields: Object.keys(ACCOUNT) },
  },
  {
    row: 37,
    name: 'the same by e-mail, as gcloud and bq ask',
    request: `GET ${SA}/${EMAIL}/?recursive=true`,
    expect: { ...json(ACCOUNT), fields: Object.keys(ACCOUNT) },
  },
  {
    row: 38,
    name: 'all accounts, the default one twice',
    request: `GET ${SA}/?recursive=true`,
    expect: {
      ...json({ default: ACCOUNT, [EMAIL]: ACCOUNT }),
      fields: ['default', EMAIL, OTHER_EMAIL],
    },
  },
  {
    row: 38,
    name: 'no accounts',
    given: as({ accounts: [] }),
    request: `GET ${SA}/?recursive=true`,
    expect: { ...json(), fields: [] },
  },
  {
    row: 39,
    name: 'everything',
    request: `GET ${V}/?recursive=true`,
    expect: {
      ...json({
        project: { attributes: {}, numericProjectId: 123456789012, projectId: PROJECT },
        universe: { universeDomain: 'googleapis.com' },
      }),
      fields: ['instance', 'project', 'universe'],
      body: new RegExp(PROJECT_JSON.replaceAll(/[{}]/g, String.raw`\$&`)),
    },
  },
  {
    row: 40,
    name: 'the value in any letter case',
    request: `GET ${V}/instance/?recursive=TRUE`,
    expect: json({ name: 'app' }),
  },
  {
    row: 40,
    name: 'false is a listing',
    request: `GET ${V}/universe/?recursive=false`,
    expect: text('universe-domain\n'),
  },
  {
    row: 41,
    name: 'camel case, and the id with all its digits',
    request: `GET ${V}/instance/?recursive=true`,
    expect: {
      ...json({
        machineType: `projects/${PROJECT_NUMBER}/machineTypes/custom`,
        maintenanceEvent: 'NONE',
        networkInterfaces: [],
        scheduling: {
          automaticRestart: 'TRUE',
          onHostMaintenance: 'MIGRATE',
          preemptible: 'FALSE',
        },
        virtualClock: { driftToken: 0 },
      }),
      body: /"id":\d{19},/,
    },
  },
  {
    row: 41,
    name: 'names that are somebody’s own stay as they are',
    given: on({ attributes: { 'cluster-name': 'blue', 'a"b': '"' } }),
    request: `GET ${V}/instance/attributes/?recursive=true`,
    expect: { ...json({ 'cluster-name': 'blue', 'a"b': '"' }), fields: ['cluster-name', 'a"b'] },
  },
  {
    row: 42,
    name: 'as text',
    request: `GET ${V}/project/?recursive=true&alt=text`,
    expect: text(`numeric-project-id ${PROJECT_NUMBER}\nproject-id ${PROJECT}\n`),
  },
  {
    row: 42,
    name: 'as text, several levels and several values',
    given: as({ accounts: [GOOGLE_ACCOUNTS[1]] }),
    request: `GET ${SA}/?recursive=true&alt=text`,
    expect: text(
      ['default', OTHER_EMAIL]
        .sort()
        .map(
          (name) =>
            `${name}/aliases default\n${name}/email ${OTHER_EMAIL}\n${name}/scopes ${SCOPES.read}\n`,
        )
        .join(''),
    ),
  },
  {
    row: 42,
    name: 'a listing as JSON',
    request: `GET ${V}/?alt=json`,
    expect: { ...json(), json: undefined, body: '["instance/","project/","universe/"]' },
  },
  {
    row: 40,
    name: 'a value is no directory',
    request: `GET ${V}/project/project-id?recursive=true`,
    expect: text(PROJECT),
  },
  {
    row: 46,
    name: 'the client knows another state: told at once',
    request: `GET ${V}/instance/attributes/a?wait_for_change=true&last_etag=STALE`,
    expect: text('1'),
  },
  {
    row: 46,
    name: 'the guest agent’s first question',
    request: `GET ${V}/?recursive=true&alt=json&wait_for_change=true&timeout_sec=60&last_etag=NONE`,
    expect: json({ universe: { universeDomain: 'googleapis.com' } }),
  },
  {
    row: 44,
    name: 'no time at all: the value as it is',
    request: `GET ${V}/instance/attributes/a?wait_for_change=true&timeout_sec=0`,
    expect: text('1'),
  },
  {
    row: 44,
    name: 'what is not there is not waited for',
    request: `GET ${V}/instance/attributes/none?wait_for_change=true`,
    expect: error(404),
  },
  ...['abc', '-1', '1.5', '', '1e3'].map((seconds): Vector => ({
    row: 48,
    name: `timeout_sec=${seconds}`,
    request: `GET ${V}/instance/attributes/a?wait_for_change=true&timeout_sec=${seconds}`,
    expect: error(400, /timeout_sec/),
  })),
];

export const recursive: readonly Vector[] = lines.map(flavored);
