import type { Incoming } from '../outbound/exchange.ts';
import type { AzurePlace } from './cloud.ts';
import { mapRefusal } from './entra-errors.ts';
import { waitAsked } from './refusals.ts';
import type { Send } from './transport.ts';

/** Form fields that are secrets. */
const SECRET_FIELDS = ['client_secret', 'client_assertion', 'refresh_token', 'device_code'];

export interface FormCall {
  readonly tenantId: string;
  readonly form: URLSearchParams;
  readonly place: AzurePlace;
  readonly signal: AbortSignal;
}

/** Posts a form to Entra's version 2.0 endpoint of a tenant and gives the answer, whatever its status. */
export async function postForm(
  send: Send,
  endpoint: 'token' | 'devicecode',
  { tenantId, form, place, signal }: FormCall,
): Promise<Incoming> {
  const path = `${encodeURIComponent(tenantId)}/oauth2/v2.0/${endpoint}`;
  return await send({ url: ({ authority }) => `${authority}/${path}`, body: form, place, signal });
}

/** The same of a good answer. Throws what `mapRefusal` makes of another. */
export async function postChecked(
  send: Send,
  endpoint: 'token' | 'devicecode',
  call: FormCall,
): Promise<Incoming> {
  const answer = await postForm(send, endpoint, call);
  if (answer.status >= 200 && answer.status <= 299) return answer;
  throw refusalOf(answer, call.form);
}

export function refusalOf(answer: Incoming, form: URLSearchParams) {
  const { status, text } = answer;
  const sent = SECRET_FIELDS.map((name) => form.get(name) ?? '');
  return mapRefusal({ status, body: text, sent, ...waitAsked(answer) });
}
