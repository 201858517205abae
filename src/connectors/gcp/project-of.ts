/** The project that a service account was made in, where its e-mail tells it. Not that it works there. */
export function projectOf(email: string | undefined): string | undefined {
  const own = /^[^@]+@([a-z][a-z\d-]{4,28}[a-z\d])\.iam\.gserviceaccount\.com$/;
  return email === undefined ? undefined : own.exec(email)?.[1];
}
