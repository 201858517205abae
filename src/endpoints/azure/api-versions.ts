/** https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#supported-api-versions */
export const API_VERSIONS = [
  '2017-04-02',
  '2017-08-01',
  '2017-12-01',
  '2018-02-01',
  '2018-04-02',
  '2018-10-01',
  '2019-02-01',
  '2019-03-11',
  '2019-04-30',
  '2019-06-01',
  '2019-06-04',
  '2019-08-01',
  '2019-08-15',
  '2019-11-01',
  '2020-06-01',
  '2020-07-15',
  '2020-09-01',
  '2020-10-01',
  '2020-12-01',
  '2021-01-01',
  '2021-02-01',
  '2021-03-01',
  '2021-05-01',
  '2021-10-01',
  '2021-11-01',
  '2021-11-15',
  '2021-12-13',
  '2023-07-01',
] as const;

/** What a request with none is told, so that it can be asked again. */
export const NEWEST = API_VERSIONS.slice(-3).toReversed();

/** The first with tokens. */
const FIRST_WITH_IDENTITY = '2018-02-01';

const DATE = /^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

/** Is this a version of the instance metadata? Later ones than are known ask for nothing else. */
export function isVersion(text: string): boolean {
  return DATE.test(text) && text >= API_VERSIONS[0];
}

/** And one with tokens? */
export function isIdentityVersion(text: string): boolean {
  return DATE.test(text) && text >= FIRST_WITH_IDENTITY;
}
