/** Seconds, of every access token of the token endpoint. */
export const ACCESS_TOKEN_SECONDS = 3599;
