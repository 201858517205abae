import { ACCOUNT, JWT } from '../support/endpoint-world.ts';
import type { Vector } from './vector.ts';

const PATH = 'GET /v1/credentials';
const DOCUMENT = {
  AccessKeyId: 'ASIAMAINEXAMPLE00000',
  SecretAccessKey: /^plantedSecretAccessKey/,
  Token: /^plantedSessionToken/,
  Expiration: '2026-11-02T10:00:00Z',
  AccountId: ACCOUNT,
};
const GOOD = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  json: DOCUMENT,
  fields: Object.keys(DOCUMENT),
};
const bad = (code: string) => ({
  status: 400,
  headers: { 'content-type': 'application/json' },
  json: { code, Code: code, message: /./, Message: /./ },
});

const lines: readonly Vector[] = [
  { row: 88, name: 'no token', request: PATH, expect: bad('InvalidRequestException') },
  {
    row: 89,
    name: 'not a JWT',
    request: PATH,
    headers: { Authorization: 'S3cret' },
    expect: bad('InvalidTokenException'),
  },
  {
    row: 89,
    name: 'two parts of a JWT',
    request: PATH,
    headers: { Authorization: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0' },
    expect: bad('InvalidTokenException'),
  },
  {
    row: 90,
    name: 'Bearer in front of the JWT',
    request: PATH,
    headers: { Authorization: `Bearer ${JWT.good}` },
    expect: { ...bad('InvalidTokenException'), json: { message: /without a scheme/ } },
  },
  {
    row: 91,
    name: 'expired',
    request: PATH,
    headers: { Authorization: JWT.expired },
    expect: { ...bad('InvalidTokenException'), told: /expired/ },
  },
  {
    row: 91,
    name: 'alg none',
    request: PATH,
    headers: { Authorization: JWT.unsigned },
    expect: bad('InvalidTokenException'),
  },
  {
    row: 91,
    name: 'of another audience',
    request: PATH,
    headers: { Authorization: JWT.wrongAudience },
    expect: { status: 403, json: { code: 'AccessDeniedException' } },
  },
  {
    row: 91,
    name: 'of a service account without a workload: the same answer',
    given: (world) => void (world.nobody = true),
    request: PATH,
    headers: { Authorization: JWT.good },
    expect: { status: 403, json: { code: 'AccessDeniedException' } },
  },
  {
    row: 86,
    name: 'a foreign Host',
    request: PATH,
    headers: { Authorization: JWT.good, Host: 'evil.example' },
    expect: { status: 403, json: { code: 'AccessDenied' } },
    over: 'socket',
  },
  {
    row: 85,
    name: 'the five fields',
    request: PATH,
    headers: { Authorization: JWT.good, Host: '169.254.170.23' },
    expect: GOOD,
  },
  {
    row: 87,
    name: 'the IPv6 address as Host',
    request: PATH,
    headers: { Authorization: JWT.good, Host: '[fd00:ec2::23]' },
    expect: GOOD,
  },
  {
    row: 87,
    name: 'the IPv6 address with its port',
    request: PATH,
    headers: { Authorization: JWT.good, Host: '[fd00:ec2::23]:80' },
    expect: GOOD,
  },
  {
    row: 92,
    name: 'the same subject’s rotated token',
    request: PATH,
    headers: { Authorization: JWT.rotated },
    expect: GOOD,
  },
  {
    row: 31,
    name: 'the cloud denies',
    given: (world) => void (world.upstream = { code: 'UPSTREAM_DENIED' }),
    request: PATH,
    headers: { Authorization: JWT.good },
    expect: { status: 403, json: { code: 'AccessDenied' } },
  },
  {
    row: 35,
    name: 'the cloud is away',
    given: (world) => void (world.upstream = { code: 'UPSTREAM_UNAVAILABLE' }),
    request: PATH,
    headers: { Authorization: JWT.good },
    expect: { status: 503, json: { code: 'CredentialsUnavailable' } },
  },
  {
    row: 26,
    name: 'no profiles below the path',
    request: 'GET /v1/credentials/other',
    headers: { Authorization: JWT.good },
    expect: { status: 404 },
  },
];

export default lines;
