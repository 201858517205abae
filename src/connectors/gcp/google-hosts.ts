/** The label is the whole difference between Google's own host and one that only looks like it. */
const LABEL = '[a-z0-9]+(?:-[a-z0-9]+)*';

/**
 * Is this a host of one of Google's services: `sts.googleapis.com`, or a regional or private form of
 * it? Google's own list. https://google.aip.dev/auth/4117#validating-urls
 */
export function isGoogleHost(hostname: string, service: string, universe: string): boolean {
  const domain = universe.replaceAll('.', String.raw`\.`);
  const forms = [
    service,
    String.raw`${service}\.${LABEL}`,
    String.raw`${LABEL}\.${service}`,
    `${LABEL}-${service}`,
    String.raw`${service}-${LABEL}\.p`,
    String.raw`${service}\.${LABEL}\.rep`,
  ];
  return new RegExp(String.raw`^(?:${forms.join('|')})\.${domain}$`).test(hostname);
}
