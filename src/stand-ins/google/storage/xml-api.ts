import type { Refusal } from '../refusal.ts';
import type { GoogleReply } from '../reply.ts';
import type { Route } from '../service.ts';
import type { World } from '../world.ts';
import { openCall } from './access.ts';
import { downloadObject } from './reading.ts';

/** Every first segment that belongs to somebody else. */
const OTHERS = 'storage|upload|download|resumable|batch|oauth2|subject-token|v1|token|tokeninfo';
const OBJECT = new RegExp(`^/(?!(?:${OTHERS})(?:/|$))([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])/(.+)$`);

/**
 * `GET /BUCKET/OBJECT` of the XML API: how Go's client, and so Terraform and rclone, read.
 * https://cloud.google.com/storage/docs/xml-api/get-object-download
 */
export function xmlRoutes(world: World): readonly Route[] {
  return ['GET', 'HEAD'].map((method) => ({
    service: 'storage',
    method,
    path: OBJECT,
    name: () => 'objects.get',
    render: renderXml,
    run(call) {
      call.visit.target = call.params.join('/');
      return downloadObject(openCall(world, call, 'read'));
    },
  }));
}

/** https://cloud.google.com/storage/docs/xml-api/reference-status */
const CODES: Readonly<Record<number, string>> = {
  400: 'InvalidArgument',
  401: 'AuthenticationRequired',
  403: 'AccessDenied',
  404: 'NoSuchKey',
  412: 'PreconditionFailed',
  416: 'InvalidRange',
  429: 'SlowDown',
  503: 'ServiceUnavailable',
};

function renderXml(error: Refusal): GoogleReply {
  const code = CODES[error.status] ?? 'InternalError';
  const text = error.message.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return {
    status: error.status,
    headers: { 'content-type': 'application/xml; charset=UTF-8' },
    body: `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>${text}</Message></Error>`,
  };
}
