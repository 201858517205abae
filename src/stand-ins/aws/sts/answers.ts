import type { Session } from '../accounts.ts';
import { requestId } from '../ids.ts';
import type { Refusal } from '../refusal.ts';
import type { AwsReply } from '../request.ts';
import { xmlDocument } from '../xml.ts';
import type { XmlElements } from '../xml.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** `<ActionResponse><ActionResult>…</ActionResult><ResponseMetadata>…` */
export function stsAnswer(action: string, result: XmlElements): AwsReply {
  const id = requestId();
  const content = { [`${action}Result`]: result, ResponseMetadata: { RequestId: id } };
  return reply(200, id, xmlDocument(`${action}Response`, NAMESPACE, content));
}

export function stsError(error: Refusal): AwsReply {
  const id = requestId();
  const content = {
    Error: {
      Type: error.status < 500 ? 'Sender' : 'Receiver',
      Code: error.awsCode,
      Message: error.message,
    },
    RequestId: id,
  };
  return reply(error.status, id, xmlDocument('ErrorResponse', NAMESPACE, content));
}

function reply(status: number, id: string, body: string): AwsReply {
  return { status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': id }, body };
}

/** The `Credentials` element. STS writes whole seconds and `Z`. */
export function credentialsElement(session: Session): XmlElements {
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: new Date(session.expiresAt).toISOString().replace('.000Z', 'Z'),
  };
}
