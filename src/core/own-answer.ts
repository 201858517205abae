/**
 * A header on every answer of an emulated metadata service that a daemon could mistake for its cloud's
 * own: whoever looks for the machine's identity sees by it that it has found another daemon, or itself,
 * and stops. The value is `1`. Clients know nothing of it.
 */
export const OWN_ANSWER_HEADER = 'X-Valetkey';
